/** Reads the small things of an archive, one after another: many entries in one go where they are small, only the headers where not. */
import type { ArchiveSource } from "./archive-source.ts";

/** Bytes between two reads below which what is between them is read as well: copying it costs less than another call. */
const nearBytes = 16 * 1024;

/** Bytes read at a time while the reads are near each other, and while they are far apart. */
const nearReadBytes = 256 * 1024;
const farReadBytes = 4096;

export class HeaderReader {
  readonly #source: ArchiveSource;
  #block: Uint8Array = new Uint8Array(0);
  #start = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(source: ArchiveSource) {
    this.#source = source;
  }

  /** Up to `length` bytes from `offset` on, as {@link ArchiveSource.read} gives them. They are the caller's to look at, not to keep. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    if (!this.#source.seekable) return this.#source.read(offset, length);
    const isNear = Math.abs(offset - this.#last) < nearBytes;
    this.#last = offset;
    const at = offset - this.#start;
    if (at < 0 || at + length > this.#block.length) {
      this.#block = await this.#source.read(offset, Math.max(length, isNear ? nearReadBytes : farReadBytes));
      this.#start = offset;
      return this.#block.subarray(0, length);
    }
    return this.#block.subarray(at, at + length);
  }
}
