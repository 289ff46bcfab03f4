/** Which blobs an archive holds, where, and which of them are good; some 80 bytes for each. */
import { DigestTable } from "../../collections/digest-table.ts";
import type { Digest } from "../../oci/digest.ts";

/** Where a blob's bytes are, in bytes of the unpacked archive. */
export interface BlobPosition {
  bodyOffset: number;
  sizeBytes: number;
}

export class ArchivedBlobs {
  readonly #digests = new DigestTable();
  /** Offset and size of each, one behind the other. */
  #positions = new Float64Array(1024);
  readonly #wrong = new Set<Digest>();
  #end = Number.POSITIVE_INFINITY;

  get count(): number {
    return this.#digests.size;
  }

  /** @returns false when the digest is there already; the first one stays */
  add(digest: Digest, { bodyOffset, sizeBytes }: BlobPosition): boolean {
    const count = this.#digests.size;
    const number = this.#digests.add(digest);
    if (number < count) return false;
    if (2 * number + 2 > this.#positions.length) {
      const positions = new Float64Array(this.#positions.length * 2);
      positions.set(this.#positions);
      this.#positions = positions;
    }
    this.#positions[2 * number] = bodyOffset;
    this.#positions[2 * number + 1] = sizeBytes;
    return true;
  }

  /** Says that the archive ends here: what goes beyond is not whole. */
  cutAt(end: number): void {
    this.#end = end;
  }

  /** Says that a blob's bytes are not what its name says. */
  markWrong(digest: Digest): void {
    this.#wrong.add(digest);
  }

  isWrong(digest: Digest): boolean {
    return this.#wrong.has(digest);
  }

  /** The place of a blob that is whole, right or wrong. */
  find(digest: Digest): BlobPosition | undefined {
    const number = this.#digests.numberOf(digest);
    const position = number === undefined ? undefined : this.#at(number);
    return position !== undefined && this.#isWhole(position) ? position : undefined;
  }

  /** Bytes of all whole blobs. */
  get bytes(): number {
    let sum = 0;
    for (const { sizeBytes } of this.all()) sum += sizeBytes;
    return sum;
  }

  /** Every whole blob, in archive order. */
  *all(): Generator<BlobPosition & { digest: Digest }, void, undefined> {
    for (let number = 0; number < this.#digests.size; number++) {
      const position = this.#at(number);
      if (this.#isWhole(position)) yield { digest: this.#digests.digestAt(number), ...position };
    }
  }

  #isWhole({ bodyOffset, sizeBytes }: BlobPosition): boolean {
    return bodyOffset + sizeBytes <= this.#end;
  }

  #at(number: number): BlobPosition {
    return { bodyOffset: this.#positions[2 * number] ?? 0, sizeBytes: this.#positions[2 * number + 1] ?? 0 };
  }
}
