/** The thread of a tape job: opens the drive, does the job, closes the drive, says how it went. */
import { statSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { AceError, toErrorData } from "../../errors.ts";
import { moveTape, verbOf } from "../../tape/drive/move-tape.ts";
import { openForStatus, openTape } from "../../tape/drive/open-tape.ts";
import { reportDrive } from "../../tape/drive/report-drive.ts";
import { surveyTape } from "../../tape/drive/survey-tape.ts";
import { rewindsAtClose, type TapeDevice, type TapeStatus } from "../../tape/drive/tape-device.ts";
import type { TapeJob, TapeJobResults, TapeThreadMessage, TapeThreadStart } from "../tape-messages.ts";

const say = (message: TapeThreadMessage) => parentPort?.postMessage(message);

/** The thread's whole life. Blocks it while the drive works. */
export function runTapeThread(): void {
  const { job, stop }: TapeThreadStart = workerData;
  const flag = new Int32Array(stop);
  try {
    const result = perform(job, () => Atomics.load(flag, 0) !== 0);
    // The drive is closed by now: whoever hears of the result may open it.
    say({ kind: "done", result });
  } catch (error) {
    say({ kind: "failed", error: toErrorData(error) });
  }
}

function perform(job: TapeJob, isStopped: () => boolean): TapeJobResults[TapeJob["kind"]] {
  switch (job.kind) {
    case "report":
      refuseRewinding(job.device, "ask");
      say({ kind: "waiting", what: "answer" });
      return closing(openForStatus(job.device), reportDrive);
    case "survey":
      return onTape(job.device, job.verb, isStopped, (device, { writeProtected }) => {
        say({ kind: "waiting", what: "go through its files" });
        const survey = surveyTape(device, {
          name: job.device,
          maxFiles: job.maxFiles,
          isStopped,
          onFile: ({ file, block, is }) =>
            say({
              kind: "notice",
              text: `${job.device}: file ${file} at block ${block ?? "unknown"}: ${is}`,
            }),
        });
        return { ...survey, writeProtected };
      });
    case "move":
      if (job.move === "eod") refuseRewinding(job.device, verbOf(job.move));
      return onTape(job.device, verbOf(job.move), isStopped, (device) => {
        say({ kind: "waiting", what: job.move === "eod" ? "find the end of the data" : job.move });
        return moveTape(device, job.device, job.move);
      });
  }
}

/** Waits for a tape that is about to be ready. */
function onTape<Result>(
  path: string,
  verb: string,
  isStopped: () => boolean,
  act: (device: TapeDevice, status: TapeStatus) => Result,
): Result {
  say({ kind: "waiting", what: "be ready" });
  const { device, status } = openTape({ path, verb, access: "read", isStopped });
  return closing(device, () => act(device, status));
}

function closing<Result>(device: TapeDevice, act: (device: TapeDevice) => Result): Result {
  try {
    return act(device);
  } finally {
    device.close();
  }
}

/** To open and close such a node is to move the tape. */
function refuseRewinding(path: string, verb: string): void {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined || !rewindsAtClose(stat)) return;
  throw new AceError("medium", `Cannot ${verb} ${path}: it rewinds when it is closed`, {
    hint: "Name the drive's other node, such as /dev/nst0.",
  });
}
