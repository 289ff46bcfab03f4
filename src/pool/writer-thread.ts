/** The writer's thread: opens the medium, drains the window into it, says what is durable. */
import { parentPort, workerData } from "node:worker_threads";
import { toErrorData } from "../errors.ts";
import type { Medium } from "../tape/medium.ts";
import { openMedium } from "../tape/open-medium.ts";
import { Window } from "../tape/window.ts";
import { runWriteLoop } from "../tape/write-loop.ts";
import type { WriterMessage, WriterStart } from "./thread-messages.ts";

/** mbuffer's usual -P for tapes; what `--hwm` defaults to there. */
const tapeHighWater = 0.9;

/** The thread's whole life. Blocks it while it waits for blobs or for the medium. */
export function runWriterThread(): void {
  const start: WriterStart = workerData;
  const window = new Window(start.window);
  const say = (message: WriterMessage) => parentPort?.postMessage(message);
  let medium: Medium | undefined;
  let durable = 0;
  try {
    medium = openMedium(start.medium, {
      isStopped: () => window.aborted,
      notice: ({ level, text }) => say({ kind: "notice", level, text }),
    });
    say({ kind: "open", medium: medium.kind });
    const highWater = start.highWater ?? (medium.kind === "tape" ? tapeHighWater : 0);
    const options = { ...start.loop, highWaterBytes: Math.floor(highWater * window.capacityBytes) };
    const result = runWriteLoop(window, medium, options, {
      durable: (offset) => {
        durable = offset;
        say({ kind: "durable", offset });
      },
    });
    if (result.whole) medium.finish();
    else medium.abandon(result.written);
    medium = undefined;
    say({ kind: "done", result });
  } catch (error) {
    durable = Math.max(durable, salvage(medium, window));
    say({ kind: "failed", error: toErrorData(error), durable });
    window.abort();
  }
}

/**
 * After a failed write: what was written before it may still be brought onto the medium, unless nobody knows any more where it stands.
 * @returns bytes that are durable after all
 */
function salvage(medium: Medium | undefined, window: Window): number {
  if (medium === undefined) return 0;
  let durable = 0;
  const steps = [
    () => {
      medium.flush();
      durable = medium.kind === "file" || medium.kind === "tape" ? window.front : 0;
    },
    () => medium.abandon(window.front),
  ];
  for (const step of steps) {
    try {
      step();
    } catch {
      // The first error is the one to report; this one says the same again.
    }
  }
  return durable;
}
