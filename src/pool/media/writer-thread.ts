/** The writer's thread: opens the medium, drains the window into it, says what is durable. */
import { AceError } from "../../errors.ts";
import { SegmentHasher } from "../../tape/catalogue/segment-hasher.ts";
import { afterFailure } from "../../tape/medium/after-failure.ts";
import { hashFile } from "../../tape/medium/hash-file.ts";
import type { Medium } from "../../tape/medium/medium.ts";
import { type OpenEvents, openMedium } from "../../tape/medium/open-medium.ts";
import { verifyFile } from "../../tape/volumes/verify-volume.ts";
import { OutgoingWindow } from "../../tape/window/outgoing-window.ts";
import { runWriteLoop, type WriteLoopOptions, type WriteLoopResult } from "../../tape/window/write-loop.ts";
import { type MainThread, threadMain } from "../host/thread-main.ts";
import type { WriterStart, WriterThread } from "./writer.ts";
import { writeSet } from "./writer-set.ts";

/** mbuffer's usual -P for tapes; what `--hwm` defaults to there. */
const tapeHighWater = 0.9;

type Main = MainThread<WriterThread>;

/** The thread's whole life. Blocks it while it waits for blobs or for the medium. */
export function runWriterThread(): void {
  threadMain<WriterThread>(async (start, main) => {
    const window = new OutgoingWindow(start.window);
    const events: OpenEvents = { isStopped: () => window.aborted, notice: main.notice };
    main.waiting(`${start.medium.destination} to be ready`);
    try {
      const { set } = start;
      if (set === undefined) return await writeOne(start, window, events, main);
      const options = loopOptions(start, window, set.isFile ? "file" : "tape");
      return await writeSet(start, set, window, options, events, main);
    } catch (error) {
      window.abort(error);
      throw error;
    }
  });
}

function loopOptions(start: WriterStart, window: OutgoingWindow, kind: Medium["kind"]): WriteLoopOptions {
  const highWater = start.highWater ?? (kind === "tape" ? tapeHighWater : 0);
  return { ...start.loop, highWaterBytes: Math.floor(highWater * window.capacityBytes) };
}

/** One stream to one medium. */
async function writeOne(
  start: WriterStart,
  window: OutgoingWindow,
  events: OpenEvents,
  main: Main,
): Promise<WriteLoopResult> {
  const { destination, blockBytes, resumed } = start.medium;
  // What an earlier run wrote has been compared with the archive, and goes into the hash as it is.
  const hasher = start.verify === true ? new SegmentHasher() : undefined;
  if (hasher !== undefined && resumed !== undefined)
    hashFile({ fd: resumed.fd, bytes: resumed.at }, destination, hasher);
  const medium = openMedium(start.medium, events);
  let result: WriteLoopResult;
  try {
    main.tell({ kind: "open", medium: medium.kind });
    result = runWriteLoop(window, medium, loopOptions(start, window, medium.kind), {
      durable: (offset) => main.tell({ kind: "durable", offset }),
      written: (bytes) => hasher?.update(bytes),
    });
    if (result.full) throw fullError(destination, result.written);
    if (result.whole) medium.finish();
    else medium.abandon(result.written);
  } catch (error) {
    salvage(medium, window, main);
    throw error;
  }
  if (hasher === undefined || !result.whole) return result;
  main.tell({ kind: "phase", phase: "reading back" });
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
function salvage(medium: Medium, window: OutgoingWindow, main: Main): void {
  afterFailure(
    () => {
      medium.flush();
      if (medium.kind === "file" || medium.kind === "tape")
        main.tell({ kind: "durable", offset: window.drained });
    },
    () => medium.abandon(window.drained),
  );
}
