/** The writer: drains the window to the medium in whole blocks, with a high-water mark. Runs on a thread of its own and blocks it. */
import type { Medium } from "./medium.ts";
import type { Window } from "./window.ts";

/** How to drain. */
export interface WriteLoopOptions {
  /** Bytes of every write call but the last. Divides the window's capacity. */
  blockBytes: number;
  /** Bytes that must be ready before a drain starts, and again after it ran dry (mbuffer -P); 0 writes whatever is there. */
  highWaterBytes: number;
  /** Flush, and report what is durable, after this many bytes; 0 only at the end. */
  flushEveryBytes: number;
}

/** What the loop tells while it runs. */
export interface WriteLoopEvents {
  /** Everything before `offset` is on the medium. */
  durable(offset: number): void;
}

/** How the loop ended. */
export interface WriteLoopResult {
  /** Bytes of the archive that were written (padding not counted). */
  written: number;
  /** Bytes of the archive that are known to be on the medium. */
  durable: number;
  /** True when everything up to the window's end was written. */
  whole: boolean;
  /** How often the drain ran dry before the end. */
  underruns: number;
}

/** Wake-ups are announced when the front has moved by this part of the window: often enough to keep fillers going. */
const announcePart = 16;

/** Nothing is lost by looking again; this bounds how late an abort is seen should a wake-up be missed. */
const longestWaitMs = 500;

/**
 * Drains until the window ends or is aborted.
 * @throws AceError `medium` from the medium; `window.front` then tells how far the writes went
 */
export function runWriteLoop(
  window: Window,
  medium: Medium,
  options: WriteLoopOptions,
  events: WriteLoopEvents,
): WriteLoopResult {
  const blockBytes = medium.blockBytes ?? options.blockBytes;
  const announceBytes = Math.max(blockBytes, Math.floor(window.capacityBytes / announcePart));
  let front = window.front;
  let announced = front;
  let durable = front;
  let draining = false;
  let underruns = 0;

  const settle = () => {
    medium.flush();
    durable = front;
    events.durable(front);
  };

  while (!window.aborted) {
    const seen = window.progressSignal;
    const ready = window.scan();
    const atEnd = window.end === ready;
    if (atEnd && front === ready) {
      settle();
      return { written: front, durable, whole: true, underruns };
    }
    draining ||= atEnd || ready - front >= options.highWaterBytes || window.headNeedsRoom;
    // A resumed archive may begin inside a block: the first write ends where that block does.
    const wholeBytes = blockBytes - (front % blockBytes);
    if (draining && (ready - front >= wholeBytes || atEnd)) {
      const bytes = Math.min(wholeBytes, ready - front);
      medium.write(blockOf(window, front, bytes, medium.kind === "tape" ? blockBytes : bytes), front);
      front += bytes;
      window.moveFront(front);
      if (front - announced >= announceBytes) {
        window.announceFront();
        announced = front;
      }
      if (options.flushEveryBytes > 0 && front - durable >= options.flushEveryBytes) settle();
      continue;
    }
    if (front > announced) {
      window.announceFront();
      announced = front;
    }
    if (draining && options.highWaterBytes > 0) {
      draining = false;
      underruns++;
    }
    window.blockForProgress(seen, longestWaitMs);
  }
  settle();
  return { written: front, durable, whole: false, underruns };
}

/**
 * A block out of the window. Blocks never cross its edge, as the capacity is a multiple of them. A short last one is padded with zeros
 * where it lies, behind the end of the stream, so that it is page-aligned as all others are.
 */
function blockOf(window: Window, offset: number, bytes: number, paddedBytes: number): Uint8Array {
  const view = window.view(offset, paddedBytes);
  return paddedBytes === bytes ? view : view.fill(0, bytes);
}
