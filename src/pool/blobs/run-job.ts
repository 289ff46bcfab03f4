/** A blob worker's one function: takes a job, does it, answers with plain data. */
import { toErrorData } from "../../errors.ts";
import type { DigestJob, Job, JobResult, TargetOutcome } from "../jobs.ts";
import { copyBlob } from "./copy-blob.ts";
import { digestBlobs } from "./digest-blobs.ts";
import { fetchIntoWindow } from "./fetch-into-window.ts";
import { hashInWindow } from "./hash-in-window.ts";
import { keepBlob } from "./keep-blob.ts";
import { uploadBlob } from "./upload-blob.ts";
import { verifyBlob } from "./verify-blob.ts";
import { type WorkerContext, workerContext } from "./worker-context.ts";

/** Never throws: an error is part of the answer, since structured clone would make a plain Error of it. */
export async function runJob(job: Job): Promise<JobResult> {
  const context = workerContext();
  context.connections.inUse++;
  try {
    if (job.kind === "digest") {
      const digests = await digestBlobs(job, context);
      return { ok: true, outcomes: [], digests, notices: context.notices.splice(0) };
    }
    const outcomes = await perform(job, context);
    return { ok: true, outcomes, notices: context.notices.splice(0) };
  } catch (error) {
    return { ok: false, error: toErrorData(error), notices: context.notices.splice(0) };
  } finally {
    context.connections.inUse--;
  }
}

async function perform(
  job: Exclude<Job, DigestJob>,
  context: WorkerContext,
): Promise<readonly TargetOutcome[]> {
  switch (job.kind) {
    case "fetch":
      await fetchIntoWindow(job, context);
      return [];
    case "hash":
      await hashInWindow(job, context);
      return [];
    case "verify":
      await verifyBlob(job, context);
      return [];
    case "keep":
      return [{ arrival: await keepBlob(job, context) }];
    case "upload":
      return [{ arrival: await uploadBlob(job, context) }];
    case "copy":
      return copyBlob(job, context);
  }
}
