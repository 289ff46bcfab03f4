/** A set of digests that takes some 50 bytes for each: an archive of many images has a million of them. */
import type { Digest } from "../oci/digest.ts";

/** Bytes of a SHA-256 hash (FIPS 180-4), which is what nearly every digest is. */
const keyBytes = 32;

const prefix = "sha256:";

/** Slots filled at most, of all there are: fuller tables take long walks to a free slot. */
const fullest = 0.75;

/** Open addressing over raw hashes. A digest is random already, so its first bytes are as good a hash of it as any. */
export class DigestSet {
  #slots = 1024;
  #keys = new Uint8Array(this.#slots * keyBytes);
  #used = new Uint8Array(this.#slots);
  #size = 0;
  /** Digests of other algorithms: few. */
  readonly #others = new Set<Digest>();
  readonly #key = Buffer.alloc(keyBytes);

  get size(): number {
    return this.#size + this.#others.size;
  }

  has(digest: Digest): boolean {
    if (!digest.startsWith(prefix)) return this.#others.has(digest);
    this.#read(digest);
    return this.#used[this.#slotOf(this.#key)] === 1;
  }

  add(digest: Digest): void {
    if (!digest.startsWith(prefix)) {
      this.#others.add(digest);
      return;
    }
    this.#read(digest);
    const slot = this.#slotOf(this.#key);
    if (this.#used[slot] === 1) return;
    this.#put(slot, this.#key);
    this.#size++;
    if (this.#size > this.#slots * fullest) this.#grow();
  }

  #read(digest: Digest): void {
    this.#key.write(digest.slice(prefix.length), "hex");
  }

  /** The key's slot, or the free one where it belongs. */
  #slotOf(key: Uint8Array): number {
    const [a = 0, b = 0, c = 0, d = 0] = key;
    let slot = ((a << 24) | (b << 16) | (c << 8) | d) & (this.#slots - 1);
    while (this.#used[slot] === 1 && !this.#isAt(slot, key)) slot = (slot + 1) & (this.#slots - 1);
    return slot;
  }

  #isAt(slot: number, key: Uint8Array): boolean {
    const start = slot * keyBytes;
    for (let at = 0; at < keyBytes; at++) if (this.#keys[start + at] !== key[at]) return false;
    return true;
  }

  #put(slot: number, key: Uint8Array): void {
    this.#keys.set(key, slot * keyBytes);
    this.#used[slot] = 1;
  }

  #grow(): void {
    const keys = this.#keys;
    const used = this.#used;
    this.#slots *= 2;
    this.#keys = new Uint8Array(this.#slots * keyBytes);
    this.#used = new Uint8Array(this.#slots);
    used.forEach((isUsed, slot) => {
      if (isUsed === 0) return;
      const key = keys.subarray(slot * keyBytes, (slot + 1) * keyBytes);
      this.#put(this.#slotOf(key), key);
    });
  }
}
