/** Puts a stream of bytes into a window that a writer drains, in order, from a thread of its own, which it blocks. */
import { AceError } from "../../errors.ts";
import type { Window } from "./window.ts";

/**
 * Segments by which the stream is announced, in parts of the window: a writer with a high-water mark takes one that does not fit for
 * a full window, so that this is how exactly it can tell.
 */
const segmentPart = 64;

/**
 * Fills the window with all chunks and says where the stream ends, also when the source fails: what came before is good.
 * @param chunks each may be the source's again when the next is asked for
 * @param stepBytes after how many bytes the writer is told: it needs a whole block, and waking it costs more than a small chunk
 * @returns bytes of the stream
 * @throws AceError the first cause when the window is aborted; what the source throws
 */
export function fillWindow(window: Window, chunks: Iterable<Uint8Array>, stepBytes: number): number {
  const filling = new Filling(window, stepBytes);
  try {
    for (const chunk of chunks) {
      filling.add(chunk);
      window.throwIfAborted();
    }
  } finally {
    filling.end();
  }
  return filling.offset;
}

class Filling {
  offset = 0;
  readonly #window: Window;
  readonly #stepBytes: number;
  readonly #segmentBytes: number;
  #slot = 0;
  #segmentEnd = 0;
  #told = 0;

  constructor(window: Window, stepBytes: number) {
    this.#window = window;
    this.#stepBytes = stepBytes;
    this.#segmentBytes = Math.ceil(window.capacityBytes / segmentPart);
  }

  add(chunk: Uint8Array): void {
    for (let done = 0; done < chunk.length; ) {
      if (this.offset === this.#segmentEnd) this.#openSegment();
      const part = chunk.subarray(done, done + this.#segmentEnd - this.offset);
      this.#waitForRoom(part.length);
      this.#window.write(this.offset, part);
      this.offset += part.length;
      done += part.length;
      if (this.offset - this.#told >= this.#stepBytes || this.offset === this.#segmentEnd) this.#tell();
    }
  }

  end(): void {
    this.#tell();
    this.#window.setEnd(this.offset);
  }

  #openSegment(): void {
    const end = this.offset + this.#segmentBytes;
    const slot = this.#window.append(this.offset, end);
    // A window has more slots than the segments that it can hold.
    if (slot === undefined) throw new AceError("internal", "Cannot fill the window: it has no slot left");
    this.#slot = slot;
    this.#segmentEnd = end;
  }

  /** What is there must be told before, or the writer might wait for it. */
  #waitForRoom(bytes: number): void {
    const target = this.offset + bytes - this.#window.capacityBytes;
    if (this.#window.front >= target) return;
    this.#tell();
    this.#window.blockForFront(target);
  }

  #tell(): void {
    if (this.offset === this.#told) return;
    this.#window.advance(this.#slot, this.offset);
    this.#told = this.offset;
  }
}
