/** The writer: drains the window to the medium in whole blocks, with a high-water mark. Runs on a thread of its own and blocks it. */
import { longestWaitMs } from "../../system/system-calls.ts";
import type { Medium } from "../medium/medium.ts";
import type { OutgoingWindow } from "./outgoing-window.ts";
import { Pace } from "./pace.ts";

/** How to drain. */
export interface WriteLoopOptions {
  /** Bytes of every write call but the last. Divides the window's capacity. */
  blockBytes: number;
  /** Bytes that must be ready before a drain starts, and again after it ran dry (mbuffer -P); 0 writes whatever is there. */
  highWaterBytes: number;
  /** Flush, and report what is durable, after this many bytes; 0 only at the end. */
  flushEveryBytes: number;
  /** The same, once, after the first block: from then on it can be told from every other medium what this one is. */
  flushesFirst?: boolean | undefined;
  /** No faster than so many bytes a second; left out, as fast as the medium takes them. */
  bytesPerSecond?: number | undefined;
  /** Bytes of the archive in front of which the medium counts as full; left out, only the medium tells. */
  fullAt?: number | undefined;
}

/** What the loop tells while it runs. */
export interface WriteLoopEvents {
  /** Everything before `offset` is on the medium. */
  durable(offset: number): void;
  /** These bytes of the archive were written, in order. They are the window's: look at them before this returns. */
  written?(bytes: Uint8Array): void;
}

/** How the loop ended. */
export interface WriteLoopResult {
  /** Bytes of the archive that were written (padding not counted). */
  written: number;
  /** Bytes of the archive that are known to be on the medium. */
  durable: number;
  /** True when everything up to the window's end was written. */
  whole: boolean;
  /** True when the medium is full and more is to come. It is not flushed then. */
  full: boolean;
  /** How often the drain ran dry before the end. */
  underruns: number;
}

/** Wake-ups are announced when the front has moved by this part of the window: often enough to keep fillers going. */
const announcePart = 16;

/**
 * Drains until the window ends or is aborted, or the medium is full.
 * @throws AceError `medium` from the medium; `window.drained` then tells how far the writes went
 */
export function runWriteLoop(
  window: OutgoingWindow,
  medium: Medium,
  options: WriteLoopOptions,
  events: WriteLoopEvents,
): WriteLoopResult {
  return new WriteLoop(window, medium, options, events).run();
}

class WriteLoop {
  readonly #window: OutgoingWindow;
  readonly #medium: Medium;
  readonly #options: WriteLoopOptions;
  readonly #events: WriteLoopEvents;
  readonly #blockBytes: number;
  readonly #fullAt: number;
  readonly #announceBytes: number;
  readonly #pace: Pace | undefined;
  #front: number;
  #announced: number;
  #durable: number;
  #isDraining = false;
  #isFirst = true;
  #underruns = 0;

  constructor(window: OutgoingWindow, medium: Medium, options: WriteLoopOptions, events: WriteLoopEvents) {
    this.#window = window;
    this.#medium = medium;
    this.#options = options;
    this.#events = events;
    this.#blockBytes = medium.blockBytes ?? options.blockBytes;
    this.#fullAt = options.fullAt ?? Number.POSITIVE_INFINITY;
    this.#announceBytes = Math.max(this.#blockBytes, Math.floor(window.capacityBytes / announcePart));
    const { bytesPerSecond } = options;
    this.#pace = bytesPerSecond === undefined ? undefined : new Pace(bytesPerSecond);
    this.#front = this.#announced = this.#durable = window.drained;
  }

  run(): WriteLoopResult {
    const window = this.#window;
    while (!window.aborted) {
      const seen = window.progressSignal;
      const ready = window.filled();
      const atEnd = window.end === ready;
      if (atEnd && this.#front === ready) {
        this.#settle();
        return this.#result({ whole: true });
      }
      if (this.#front >= this.#fullAt) return this.#fill();
      this.#isDraining ||=
        atEnd || ready - this.#front >= this.#options.highWaterBytes || window.needsDraining;
      // A resumed archive may begin inside a block: the first write ends where that block does.
      const wholeBytes = this.#blockBytes - (this.#front % this.#blockBytes);
      const bytes = Math.min(wholeBytes, ready - this.#front);
      if (this.#isDraining && (bytes === wholeBytes || atEnd)) {
        const waitMs = this.#pace?.waitMs(performance.now()) ?? 0;
        if (waitMs > 0) this.#rest(seen, waitMs);
        else if (!this.#write(bytes)) return this.#fill();
      } else this.#wait(seen);
    }
    this.#settle();
    return this.#result({});
  }

  /** @returns false when there was no room */
  #write(bytes: number): boolean {
    const medium = this.#medium;
    const block = blockOf(
      this.#window,
      this.#front,
      bytes,
      medium.kind === "tape" ? this.#blockBytes : bytes,
    );
    if (medium.write(block, this.#front) === 0) return false;
    this.#events.written?.(block.subarray(0, bytes));
    this.#front += bytes;
    this.#window.drain(this.#front);
    this.#pace?.took(bytes);
    if (this.#front - this.#announced >= this.#announceBytes) this.#announce();
    const { flushEveryBytes } = this.#options;
    if (flushEveryBytes > 0 && this.#front - this.#durable >= flushEveryBytes) this.#settle();
    else if (this.#isFirst && this.#options.flushesFirst === true) this.#settle();
    this.#isFirst = false;
    return true;
  }

  /** There is nothing to write: until there is, whoever waits for room is to know of all there is. */
  #wait(seen: number): void {
    if (this.#front > this.#announced) this.#announce();
    if (this.#isDraining && this.#options.highWaterBytes > 0) {
      this.#isDraining = false;
      this.#underruns++;
      this.#window.countUnderrun();
    }
    this.#window.blockForProgress(seen, longestWaitMs);
  }

  /** There is too much to write: a rate is to be kept. */
  #rest(seen: number, waitMs: number): void {
    if (this.#front > this.#announced) this.#announce();
    this.#window.blockForProgress(seen, Math.min(waitMs, longestWaitMs));
  }

  #fill(): WriteLoopResult {
    this.#announce();
    return this.#result({ full: true });
  }

  #settle(): void {
    this.#medium.flush();
    this.#durable = this.#front;
    this.#events.durable(this.#front);
  }

  #announce(): void {
    this.#window.announceDrained();
    this.#announced = this.#front;
  }

  #result({ whole = false, full = false }: { whole?: boolean; full?: boolean }): WriteLoopResult {
    return { written: this.#front, durable: this.#durable, whole, full, underruns: this.#underruns };
  }
}

/**
 * A block out of the window. Blocks never cross its edge, as the capacity is a multiple of them. A short last one is padded with zeros
 * where it lies, behind the end of the stream, so that it is page-aligned as all others are.
 */
function blockOf(window: OutgoingWindow, offset: number, bytes: number, paddedBytes: number): Uint8Array {
  const view = window.view(offset, paddedBytes);
  return paddedBytes === bytes ? view : view.fill(0, bytes);
}
