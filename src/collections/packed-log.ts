/**
 * Records put away compressed, and read again, all in the same order or one at its place. Manifests are mostly repeated words around digests: packed,
 * one takes some 300 bytes instead of the 14 kB that its parsed form takes (measured with 10 000 images).
 */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";

/** Packed at a time, in bytes: large enough to find repetitions, small enough to unpack without notice. */
const chunkBytes = 256 * 1024;

/** Of the length in front of each record. */
const lengthBytes = 4;

/** Where a record lies, in a chunk. */
export interface RecordPlace {
  chunk: number;
  start: number;
  end: number;
}

export class PackedLog {
  readonly #packed: Uint8Array[] = [];
  #open: Uint8Array = new Uint8Array(chunkBytes);
  #filled = 0;
  /** The chunk that {@link PackedLog.at} unpacked last: neighbours are asked for one after another. */
  #unpacked: { chunk: number; bytes: Uint8Array } | undefined;

  /** Copies a record to the end. @returns its place, for {@link PackedLog.at} */
  append(record: Uint8Array): RecordPlace {
    const needed = this.#filled + lengthBytes + record.length;
    if (needed > this.#open.length) this.#pack(lengthBytes + record.length);
    new DataView(this.#open.buffer).setUint32(this.#filled, record.length, true);
    const start = this.#filled + lengthBytes;
    this.#open.set(record, start);
    this.#filled = start + record.length;
    return { chunk: this.#packed.length, start, end: this.#filled };
  }

  /** One record, good until the next call. */
  at({ chunk, start, end }: RecordPlace): Uint8Array {
    return this.#chunk(chunk).subarray(start, end);
  }

  /** All records in order. Each is good until the next is asked for; what is appended meanwhile may or may not be seen. */
  *records(): Generator<Uint8Array, void, undefined> {
    for (const packed of this.#packed) yield* split(zstdDecompressSync(packed));
    yield* split(this.#open.subarray(0, this.#filled));
  }

  #chunk(chunk: number): Uint8Array {
    const packed = this.#packed[chunk];
    if (packed === undefined) return this.#open;
    if (this.#unpacked?.chunk !== chunk) this.#unpacked = { chunk, bytes: zstdDecompressSync(packed) };
    return this.#unpacked.bytes;
  }

  #pack(nextBytes: number): void {
    if (this.#filled > 0) {
      // A copy of its own: what the compressor returns may be a view of more memory.
      this.#packed.push(Uint8Array.from(zstdCompressSync(this.#open.subarray(0, this.#filled))));
    }
    this.#filled = 0;
    if (this.#open.length !== Math.max(chunkBytes, nextBytes)) {
      this.#open = new Uint8Array(Math.max(chunkBytes, nextBytes));
    }
  }
}

function* split(chunk: Uint8Array): Generator<Uint8Array, void, undefined> {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  for (let at = 0; at < chunk.length; ) {
    const end = at + lengthBytes + view.getUint32(at, true);
    yield chunk.subarray(at + lengthBytes, end);
    at = end;
  }
}
