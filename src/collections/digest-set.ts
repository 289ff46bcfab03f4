/** A set of digests that takes some 50 bytes for each: an archive of many images has a million of them. */
import type { Digest } from "../oci/digest.ts";
import { DigestTable } from "./digest-table.ts";

export class DigestSet {
  readonly #table = new DigestTable();

  get size(): number {
    return this.#table.size;
  }

  has(digest: Digest): boolean {
    return this.#table.numberOf(digest) !== undefined;
  }

  add(digest: Digest): void {
    this.#table.add(digest);
  }

  /** In the order in which they came. */
  *all(): Generator<Digest, void, undefined> {
    for (let number = 0; number < this.#table.size; number++) yield this.#table.digestAt(number);
  }
}
