/** Manifests put away compressed under their digests, and taken out again one at a time, best in the order in which they came. */
import type { Digest } from "../oci/digest.ts";
import { DigestTable } from "./digest-table.ts";
import { PackedLog, type RecordPlace } from "./packed-log.ts";

export class PackedManifests {
  readonly #digests = new DigestTable();
  /** By the digests' numbers. */
  readonly #places: RecordPlace[] = [];
  readonly #log = new PackedLog();

  /** Copies bytes under a digest; the first ones under it stay. */
  put(digest: Digest, bytes: Uint8Array): void {
    if (this.has(digest)) return;
    this.#places[this.#digests.add(digest)] = this.#log.append(bytes);
  }

  has(digest: Digest): boolean {
    return this.#digests.numberOf(digest) !== undefined;
  }

  /** The bytes under a digest, good until the next call; undefined when there are none. */
  get(digest: Digest): Uint8Array | undefined {
    const place = this.#places[this.#digests.numberOf(digest) ?? -1];
    return place && this.#log.at(place);
  }
}
