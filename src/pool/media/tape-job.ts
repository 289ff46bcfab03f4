/** Runs what touches a tape drive on a thread of its own: the driver blocks its caller, for minutes when a tape is wound. */
import type { TapeMove } from "../../tape/drive/move-tape.ts";
import type { DriveReport, HeadPosition } from "../../tape/drive/report-drive.ts";
import type { TapeSurvey } from "../../tape/drive/survey-tape.ts";
import { runThread } from "../host/run-thread.ts";
import type { OnNotice } from "../host/thread-contract.ts";

/** What each kind of job is told. */
interface TapeJobOptions {
  /** Everything that the drive says of itself, in whatever state it is; moves nothing. */
  report: Record<never, never>;
  /** What is on the tape; leaves it rewound. `verb` is what the message says could not be done: `read`, `resume`. */
  survey: { verb: string; maxFiles?: number | undefined };
  move: { move: TapeMove };
}

/** What each kind of job answers. */
export interface TapeJobResults {
  report: DriveReport;
  survey: TapeSurvey & { writeProtected: boolean };
  move: HeadPosition;
}

/** Something to be done with a drive. */
export type TapeJob = {
  [Kind in keyof TapeJobOptions]: { kind: Kind; device: string } & TapeJobOptions[Kind];
}[keyof TapeJobOptions];

/** The thread that does one job with a drive. */
export interface TapeThread<Kind extends keyof TapeJobResults = keyof TapeJobResults> {
  /** `stop` is one Int32; 1 asks the thread to stop where it can. */
  start: { job: TapeJob; stop: SharedArrayBuffer };
  tells: never;
  asks: Record<never, never>;
  result: TapeJobResults[Kind];
}

/**
 * Opens the drive, does the job, and closes the drive again before it resolves.
 * @param signal when it fires the promise rejects at once with its reason; the thread ends when the drive lets go of it
 * @param onNotice told what is waited for, after two seconds, and at level `info` what is found on the way
 * @returns rejects with AceError `medium` when there is no drive, it is busy, it has no tape, or it fails
 */
export async function runTapeJob<Job extends TapeJob>(
  job: Job,
  signal: AbortSignal,
  onNotice: OnNotice = () => undefined,
): Promise<TapeJobResults[Job["kind"]]> {
  signal.throwIfAborted();
  const stop = new SharedArrayBuffer(4);
  const stopped = Promise.withResolvers<never>();
  const onAbort = () => {
    Atomics.store(new Int32Array(stop), 0, 1);
    stopped.reject(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const result = runThread<TapeThread<Job["kind"]>>(
      "tape",
      { job, stop },
      {
        act: `use ${job.device}`,
        notice: (level, text) => {
          if (!signal.aborted) onNotice(level, text);
        },
        answers: {},
      },
    );
    return await Promise.race([result, stopped.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
