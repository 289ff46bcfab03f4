/** Runs what touches a tape drive on a thread of its own: the driver blocks its caller, for minutes when a tape is wound. */
import { Worker } from "node:worker_threads";
import { AceError, fromErrorData } from "../../errors.ts";
import { entryPath } from "../host/entry-paths.ts";
import {
  parseTapeResult,
  parseThreadMessage,
  type TapeJob,
  type TapeJobResults,
  type TapeThreadMessage,
  type TapeThreadStart,
} from "../tape-messages.ts";
import type { OnNotice } from "./writer.ts";

/** Whoever waits longer for a drive wants to know for what. */
const silenceMs = 2000;

/**
 * Opens the drive, does the job, and closes the drive again before it resolves.
 * @param signal when it fires the promise rejects at once with its reason; the thread ends when the drive lets go of it
 * @param onNotice told what is waited for, after two seconds, and at level `info` what is found on the way
 * @returns rejects with AceError `medium` when there is no drive, it is busy, it has no tape, or it fails
 */
export function runTapeJob<Job extends TapeJob>(
  job: Job,
  signal: AbortSignal,
  onNotice: OnNotice = () => undefined,
): Promise<TapeJobResults[Job["kind"]]> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const { promise, resolve, reject } = Promise.withResolvers<TapeJobResults[Job["kind"]]>();
  const { device } = job;
  const kind: Job["kind"] = job.kind;
  const stop = new SharedArrayBuffer(4);
  const start: TapeThreadStart = { job, stop };
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const onAbort = () => {
    Atomics.store(new Int32Array(stop), 0, 1);
    reject(signal.reason);
  };
  const worker = new Worker(entryPath("tape"), { workerData: start });
  worker.on("message", (data: unknown) => {
    const message: TapeThreadMessage = parseThreadMessage(data);
    if (message.kind === "waiting" && !signal.aborted) {
      clearTimeout(waiting);
      waiting = setTimeout(() => onNotice("warn", `Waiting for ${device} to ${message.what}`), silenceMs);
    }
    if (message.kind === "notice") onNotice("info", message.text);
    if (message.kind === "done") resolve(parseTapeResult(kind, message.result));
    if (message.kind === "failed") reject(fromErrorData(message.error));
  });
  const failed = (state: string, cause?: unknown) =>
    reject(new AceError("internal", `Cannot use ${device}: the tape's thread ${state}`, { cause }));
  worker.on("error", (cause) => failed(`failed: ${cause}`, cause));
  worker.on("exit", () => failed("ended early"));
  signal.addEventListener("abort", onAbort, { once: true });
  return promise.finally(() => {
    clearTimeout(waiting);
    signal.removeEventListener("abort", onAbort);
  });
}
