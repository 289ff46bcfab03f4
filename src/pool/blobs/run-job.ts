/** A blob worker's one function: takes a job, does it, answers with plain data. */
import { AceError, toErrorData } from "../../errors.ts";
import type { Window } from "../../tape/window/window.ts";
import { type Job, type JobAnswers, type JobResult, mapWindow, windowOf } from "../jobs.ts";
import { copyBlob } from "./copy-blob.ts";
import { digestBlobs } from "./digest-blobs.ts";
import { fetchIntoWindow } from "./fetch-into-window.ts";
import { hashInWindow } from "./hash-in-window.ts";
import { keepBlob, verifyBlob } from "./read-verified.ts";
import { uploadBlob } from "./upload-blob.ts";
import { type WorkerContext, workerContext } from "./worker-context.ts";

/** Never throws: an error is part of the answer. */
export async function runJob(job: Job<number>): Promise<JobResult<Job["kind"]>> {
  const context = workerContext();
  try {
    const id = windowOf(job);
    if (id !== undefined) await context.windows.attach(id);
    const attached = mapWindow(job, (number) => context.windows.get(number));
    return { ok: true, answer: await perform(attached, context) };
  } catch (error) {
    return { ok: false, error: toErrorData(error) };
  } finally {
    await context.noticesTold();
  }
}

function perform(job: Job<Window>, context: WorkerContext): Promise<JobAnswers[Job["kind"]]> {
  switch (job.kind) {
    case "fetch":
      return orAbort(job.window, fetchIntoWindow(job, context));
    case "hash":
      return orAbort(job.window, hashInWindow(job, context));
    case "verify":
      return verifyBlob(job, context);
    case "keep":
      return keepBlob(job, context);
    case "upload":
      return uploadBlob(job, context);
    case "copy":
      return copyBlob(job, context);
    case "digest":
      return digestBlobs(job, context);
  }
}

/** Without this blob the archive cannot be written: every thread is told at once, and why. */
async function orAbort(window: Window, work: Promise<undefined>): Promise<undefined> {
  try {
    return await work;
  } catch (error) {
    // Who stops the run says why itself.
    if (!(error instanceof AceError && error.code === "stopped")) window.abort(error);
    throw error;
  }
}
