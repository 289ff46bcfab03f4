/** The main thread's side of the compressors: frames of one window, packed on all cores, into a second window in order. */

import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import { frameBound } from "../../format/compress-frame.ts";
import type { PackingChoice } from "../../format/packing-levels.ts";
import { longestWaitMs } from "../../system/system-calls.ts";
import { fillSegment, type OutgoingWindow } from "../../tape/window/outgoing-window.ts";
import { entryPath } from "../host/entry-paths.ts";
import type { CompressJob, CompressorSettings } from "./compress-job.ts";

/**
 * Bytes of a frame before packing: large enough that its own dictionary costs nothing, small enough to be a fine resume point.
 * Every frame but the archive's last has as many, whatever the level and the content: `--resume` relies on it.
 */
export const frameBytes = 4 * 1024 * 1024;

/** Where a frame ended: what is durable at `packed` in the file is `plain` in the archive. Bytes. */
export interface FrameMark {
  plain: number;
  packed: number;
}

/** Room for a frame of what cannot be compressed. */
export const packedLimit = frameBound(frameBytes);

/** Frames that are done, or wait for a thread, beside those at work: the one that is being placed, and the next. */
const waitingFrames = 2;

/**
 * How many threads compress. Each has a frame of the plain window at work while the next one fills: with more threads than half
 * its frames they would wait for each other, and each takes some 12 MB (measured; at level 19 some 60 MB).
 */
export function compressorThreads(cores: number, plainWindowBytes: number): number {
  return Math.max(1, Math.min(cores, Math.floor(plainWindowBytes / frameBytes / 2)));
}

/**
 * Packs `plain` into `packed` until the plain window ends; frames of {@link frameBytes} each, whatever their content: the
 * bytes are a function of the plain ones and the choice, not of how many cores there are or which is faster.
 * @param onFrame called for each frame, in order, before its bytes can reach the medium
 * @param done what an earlier run packed: the end of a frame. The windows begin there, or the plain one before it.
 * @throws AceError the first cause when a window is aborted
 */
export async function packWindow(
  choice: PackingChoice,
  plain: OutgoingWindow,
  packed: OutgoingWindow,
  onFrame: (mark: FrameMark) => void,
  done: FrameMark = { plain: 0, packed: 0 },
): Promise<void> {
  const threads = compressorThreads(availableParallelism(), plain.capacityBytes);
  const piscina = new Piscina({
    filename: entryPath("compressor"),
    minThreads: threads,
    maxThreads: threads,
    atomics: "disabled",
    workerData: { window: plain.handle, choice } satisfies CompressorSettings,
  });
  try {
    await new Packer(plain, packed, onFrame, piscina, threads + waitingFrames, done).run();
  } finally {
    await piscina.destroy();
  }
}

class Packer {
  readonly #plain: OutgoingWindow;
  readonly #packed: OutgoingWindow;
  readonly #onFrame: (mark: FrameMark) => void;
  readonly #piscina: Piscina;
  readonly #depth: number;
  /** Frames under way, in order. */
  readonly #frames: { end: number; frame: SharedArrayBuffer; length: Promise<number> }[] = [];
  /** Memory for frames that is not in use. */
  readonly #spare: SharedArrayBuffer[] = [];
  /** Where the first frame of this run begins. */
  readonly #begin: number;
  #started: number;
  #written: number;

  constructor(
    plain: OutgoingWindow,
    packed: OutgoingWindow,
    onFrame: (mark: FrameMark) => void,
    piscina: Piscina,
    depth: number,
    done: FrameMark,
  ) {
    this.#plain = plain;
    this.#packed = packed;
    this.#onFrame = onFrame;
    this.#piscina = piscina;
    this.#depth = depth;
    this.#begin = done.plain;
    this.#started = done.plain;
    this.#written = done.packed;
  }

  async run(): Promise<void> {
    for (;;) {
      this.#plain.throwIfAborted();
      const seen = this.#plain.progressSignal;
      const ready = this.#plain.filled();
      const atEnd = this.#plain.end === ready;
      this.#skip(ready);
      this.#startFrames(ready, atEnd);
      if (this.#frames.length > 0) await this.#finishFrame();
      else if (atEnd) break;
      else await this.#plain.waitForProgress(seen, longestWaitMs);
    }
    this.#packed.setEnd(this.#written);
  }

  /** What comes again from before the first frame is let through, unpacked. */
  #skip(ready: number): void {
    // Not #started: frames that are started are still read from the window.
    const to = Math.min(ready, this.#begin);
    if (to <= this.#plain.drained) return;
    this.#plain.drain(to);
    this.#plain.announceDrained();
  }

  #startFrames(ready: number, atEnd: boolean): void {
    while (this.#frames.length < this.#depth) {
      const length = Math.min(frameBytes, ready - this.#started);
      if (length <= 0 || (length < frameBytes && !atEnd)) return;
      const frame = this.#spare.pop() ?? new SharedArrayBuffer(packedLimit);
      const job: CompressJob = {
        offset: this.#started,
        length,
        frame,
      };
      const packedLength: Promise<number> = this.#piscina.run(job);
      // Awaited in order; until then a rejection must not count as unhandled.
      packedLength.catch(() => undefined);
      this.#started += length;
      this.#frames.push({ end: this.#started, frame, length: packedLength });
    }
  }

  async #finishFrame(): Promise<void> {
    const next = this.#frames.shift();
    if (next === undefined) return;
    const length = await next.length;
    this.#plain.drain(next.end);
    this.#plain.announceDrained();
    this.#onFrame({ plain: next.end, packed: this.#written + length });
    await this.#place(new Uint8Array(next.frame, 0, length));
    this.#spare.push(next.frame);
  }

  /** Puts a frame into the second window; its slot completes with its last byte. */
  async #place(bytes: Uint8Array): Promise<void> {
    const start = this.#written;
    this.#written += bytes.length;
    const segment = await this.#packed.open(start, this.#written);
    await fillSegment(this.#packed, segment, start, bytes);
  }
}
