/** The writer's thread: opens the medium, drains the window into it, says what is durable. */
import { parentPort, workerData } from "node:worker_threads";
import { AceError, toErrorData } from "../../errors.ts";
import { SegmentHasher } from "../../tape/catalogue/segment-hasher.ts";
import { afterFailure } from "../../tape/medium/after-failure.ts";
import { hashFile } from "../../tape/medium/hash-file.ts";
import type { Medium } from "../../tape/medium/medium.ts";
import { type OpenEvents, openMedium } from "../../tape/medium/open-medium.ts";
import { verifyFile } from "../../tape/volumes/verify-volume.ts";
import { Window } from "../../tape/window/window.ts";
import { runWriteLoop, type WriteLoopOptions, type WriteLoopResult } from "../../tape/window/write-loop.ts";
import type { SayOfWriter, WriterStart } from "../thread-messages.ts";
import { writeSet } from "./writer-set.ts";

/** mbuffer's usual -P for tapes; what `--hwm` defaults to there. */
const tapeHighWater = 0.9;

/** The thread's whole life. Blocks it while it waits for blobs or for the medium. */
export function runWriterThread(): void {
  const start: WriterStart = workerData;
  const window = new Window(start.window);
  const say: SayOfWriter = (message) => parentPort?.postMessage(message);
  const events: OpenEvents = {
    isStopped: () => window.aborted,
    notice: ({ level, text }) => say({ kind: "notice", level, text }),
  };
  const writing =
    start.set === undefined
      ? writeOne(start, window, events, say)
      : writeSet(
          start,
          start.set,
          window,
          loopOptions(start, window, start.set.isFile ? "file" : "tape"),
          events,
          say,
        );
  writing.then(
    (result) => say({ kind: "done", result }),
    (error: unknown) => {
      say({ kind: "failed", error: toErrorData(error), durable: 0 });
      window.abort();
    },
  );
}

function loopOptions(start: WriterStart, window: Window, kind: Medium["kind"]): WriteLoopOptions {
  const highWater = start.highWater ?? (kind === "tape" ? tapeHighWater : 0);
  return { ...start.loop, highWaterBytes: Math.floor(highWater * window.capacityBytes) };
}

/** One stream to one medium. */
async function writeOne(
  start: WriterStart,
  window: Window,
  events: OpenEvents,
  say: SayOfWriter,
): Promise<WriteLoopResult> {
  const { destination, blockBytes, resumed } = start.medium;
  // What an earlier run wrote has been compared with the archive, and goes into the hash as it is.
  const hasher = start.verify === true ? new SegmentHasher() : undefined;
  if (hasher !== undefined && resumed !== undefined)
    hashFile({ fd: resumed.fd, bytes: resumed.at }, destination, hasher);
  const medium = openMedium(start.medium, events);
  let result: WriteLoopResult;
  try {
    say({ kind: "open", medium: medium.kind });
    result = runWriteLoop(window, medium, loopOptions(start, window, medium.kind), {
      durable: (offset) => say({ kind: "durable", offset }),
      written: (bytes) => hasher?.update(bytes),
    });
    if (result.full) throw fullError(destination, result.written);
    if (result.whole) medium.finish();
    else medium.abandon(result.written);
  } catch (error) {
    salvage(medium, window, say);
    throw error;
  }
  if (hasher === undefined || !result.whole) return result;
  say({ kind: "phase", phase: "reading back" });
  const label = {
    volume: 1,
    offset: 0,
    bytes: result.written,
    blockBytes,
    segmentBytes: hasher.segmentBytes,
  };
  verifyFile({ name: destination, label, segments: hasher.all() }, events.isStopped);
  return result;
}

function fullError(name: string, offset: number): AceError {
  return new AceError("medium", `Cannot write ${name}: the tape is full at byte ${offset}`, {
    hint: "Put in another tape, or send less.",
  });
}

/** After a failed write: what was written before it may still be brought onto the medium, unless nobody knows any more where it stands. */
function salvage(medium: Medium, window: Window, say: SayOfWriter): void {
  afterFailure(
    () => {
      medium.flush();
      if (medium.kind === "file" || medium.kind === "tape") say({ kind: "durable", offset: window.front });
    },
    () => medium.abandon(window.front),
  );
}
