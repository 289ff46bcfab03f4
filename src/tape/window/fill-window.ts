/** Puts a stream of bytes into a window that a writer drains, in order, from a thread of its own, which it blocks. */
import { AceError } from "../../errors.ts";
import type { OutgoingWindow } from "./outgoing-window.ts";
import type { Segment } from "./segment-table.ts";

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
export function fillWindow(window: OutgoingWindow, chunks: Iterable<Uint8Array>, stepBytes: number): number {
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
  readonly #window: OutgoingWindow;
  readonly #stepBytes: number;
  readonly #segmentBytes: number;
  #segment: Segment = 0;
  #segmentEnd = 0;
  #told = 0;

  constructor(window: OutgoingWindow, stepBytes: number) {
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
    const segment = this.#window.append(this.offset, end);
    // A window has more slots than the segments that it can hold.
    if (segment === undefined) throw new AceError("internal", "Cannot fill the window: it has no slot left");
    this.#segment = segment;
    this.#segmentEnd = end;
  }

  /** What is there must be told before, or the writer might wait for it. */
  #waitForRoom(bytes: number): void {
    const end = this.offset + bytes;
    if (this.#window.hasRoom(end)) return;
    this.#tell();
    this.#window.blockForRoom(end);
  }

  #tell(): void {
    if (this.offset === this.#told) return;
    this.#window.fill(this.#segment, this.offset);
    this.#told = this.offset;
  }
}
