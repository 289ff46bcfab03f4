/** The thread of a tape job: opens the drive, does the job, closes the drive. */
import { statSync } from "node:fs";
import { AceError } from "../../errors.ts";
import { moveTape, verbOf } from "../../tape/drive/move-tape.ts";
import { openForStatus, openTape } from "../../tape/drive/open-tape.ts";
import { reportDrive } from "../../tape/drive/report-drive.ts";
import { surveyTape } from "../../tape/drive/survey-tape.ts";
import { rewindsAtClose, type TapeDevice, type TapeStatus } from "../../tape/drive/tape-device.ts";
import { type MainThread, threadMain } from "../host/thread-main.ts";
import type { TapeThread } from "./tape-job.ts";

/** The thread's whole life. Blocks it while the drive works. */
export function runTapeThread(): void {
  threadMain<TapeThread>(perform);
}

type TapeStart = TapeThread["start"];
type Main = MainThread<TapeThread>;

function perform({ job, stop }: TapeStart, main: Main): TapeThread["result"] {
  const { device: path } = job;
  const flag = new Int32Array(stop);
  const isStopped = () => Atomics.load(flag, 0) !== 0;
  /** Waits for a tape that is about to be ready. */
  const onTape = <Result>(verb: string, act: (device: TapeDevice, status: TapeStatus) => Result): Result => {
    main.waiting(`${path} to be ready`);
    const { device, status } = openTape({ path, verb, access: "read", isStopped });
    return closing(device, () => act(device, status));
  };
  switch (job.kind) {
    case "report":
      refuseRewinding(path, "ask");
      main.waiting(`${path} to answer`);
      return closing(openForStatus(path), reportDrive);
    case "survey":
      return onTape(job.verb, (device, { writeProtected }) => {
        main.waiting(`${path} to go through its files`);
        const survey = surveyTape(device, {
          name: path,
          maxFiles: job.maxFiles,
          isStopped,
          onFile: ({ file, block, is }) =>
            main.notice({
              level: "info",
              text: `${path}: file ${file} at block ${block ?? "unknown"}: ${is}`,
            }),
        });
        return { ...survey, writeProtected };
      });
    case "move":
      if (job.move === "eod") refuseRewinding(path, verbOf(job.move));
      return onTape(verbOf(job.move), (device) => {
        main.waiting(`${path} to ${job.move === "eod" ? "find the end of the data" : job.move}`);
        return moveTape(device, path, job.move);
      });
  }
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
