/** Manifests put away compressed under their digests, and taken out again one at a time, best in the order in which they came. */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Digest } from "../oci/digest.ts";
import { DigestTable } from "./digest-table.ts";

/** Packed at a time, in bytes: large enough to find repetitions, small enough to unpack without notice. */
const chunkBytes = 256 * 1024;

/** Where a record lies. */
interface Place {
  chunk: number;
  start: number;
  end: number;
}

/** Beside packed-log.ts, which is read from front to back only. */
export class PackedShelf {
  readonly #digests = new DigestTable();
  readonly #places: Place[] = [];
  readonly #packed: Uint8Array[] = [];
  #open: Uint8Array[] = [];
  #filled = 0;
  /** The chunk that was unpacked last: neighbours are asked for one after another. */
  #unpacked: { chunk: number; bytes: Uint8Array } | undefined;

  /** Copies bytes under a digest; the first ones under it stay. */
  put(digest: Digest, bytes: Uint8Array): void {
    if (this.#digests.numberOf(digest) !== undefined) return;
    this.#digests.add(digest);
    this.#places.push({
      chunk: this.#packed.length,
      start: this.#filled,
      end: this.#filled + bytes.length,
    });
    this.#open.push(Uint8Array.from(bytes));
    this.#filled += bytes.length;
    if (this.#filled >= chunkBytes) this.#pack();
  }

  /** The bytes under a digest, good until the next call; undefined when there are none. */
  get(digest: Digest): Uint8Array | undefined {
    const place = this.#places[this.#digests.numberOf(digest) ?? -1];
    return place && this.#chunk(place.chunk).subarray(place.start, place.end);
  }

  #chunk(chunk: number): Uint8Array {
    const packed = this.#packed[chunk];
    if (packed === undefined) return Buffer.concat(this.#open);
    if (this.#unpacked?.chunk !== chunk) this.#unpacked = { chunk, bytes: zstdDecompressSync(packed) };
    return this.#unpacked.bytes;
  }

  #pack(): void {
    // A copy of its own: what the compressor returns may be a view of more memory.
    this.#packed.push(Uint8Array.from(zstdCompressSync(Buffer.concat(this.#open))));
    this.#open = [];
    this.#filled = 0;
  }
}
