/** Numbers digests in the order in which they come, at some 50 bytes each: what is known of each is kept in arrays by its number. */
import type { Digest } from "../oci/digest.ts";

/** Bytes of a SHA-256 hash (FIPS 180-4), which is what nearly every digest is. */
const keyBytes = 32;

const prefix = "sha256:";

/** Slots filled at most, of all there are: fuller tables take long walks to a free slot. */
const fullest = 0.75;

/** How many times as many keys a full table of them has room for then. */
const growth = 1.5;

/**
 * Open addressing over raw hashes; a slot holds a number and one more, so that 0 is free. A digest is random already, so its first
 * bytes are as good a hash of it as any.
 */
export class DigestTable {
  #slots = new Int32Array(1024);
  #keys = Buffer.alloc(512 * keyBytes);
  #size = 0;
  /** Digests of other algorithms: few. */
  readonly #others = new Map<Digest, number>();
  readonly #otherDigests = new Map<number, Digest>();
  readonly #key = Buffer.alloc(keyBytes);

  get size(): number {
    return this.#size;
  }

  /** The digest's number; undefined when it was never added. */
  numberOf(digest: Digest): number | undefined {
    if (!digest.startsWith(prefix)) return this.#others.get(digest);
    const found = this.#slots[this.#slotOf(this.#read(digest))] ?? 0;
    return found === 0 ? undefined : found - 1;
  }

  /** The digest's number, a new one (0, 1, 2 ...) when it was never added. */
  add(digest: Digest): number {
    const known = this.numberOf(digest);
    if (known !== undefined) return known;
    const number = this.#size++;
    if (!digest.startsWith(prefix)) {
      this.#others.set(digest, number);
      this.#otherDigests.set(number, digest);
      return number;
    }
    this.#keep(number, this.#key);
    this.#slots[this.#slotOf(this.#key)] = number + 1;
    if (this.#size > this.#slots.length * fullest) this.#grow();
    return number;
  }

  /** The digest with a number below {@link DigestTable.size}. */
  digestAt(number: number): Digest {
    const other = this.#otherDigests.get(number);
    return other ?? `${prefix}${this.#keyAt(number).toString("hex")}`;
  }

  #read(digest: Digest): Buffer {
    this.#key.write(digest.slice(prefix.length), "hex");
    return this.#key;
  }

  #keyAt(number: number): Buffer {
    return this.#keys.subarray(number * keyBytes, (number + 1) * keyBytes);
  }

  #keep(number: number, key: Buffer): void {
    if ((number + 1) * keyBytes > this.#keys.length) {
      const keys = Buffer.alloc(Math.ceil((number + 1) * growth) * keyBytes);
      keys.set(this.#keys);
      this.#keys = keys;
    }
    this.#keys.set(key, number * keyBytes);
  }

  /** The key's slot, or the free one where it belongs. */
  #slotOf(key: Buffer): number {
    const mask = this.#slots.length - 1;
    let slot = key.readUInt32LE(0) & mask;
    for (;;) {
      const found = this.#slots[slot] ?? 0;
      if (found === 0 || this.#isAt(found - 1, key)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isAt(number: number, key: Buffer): boolean {
    const start = number * keyBytes;
    for (let at = 0; at < keyBytes; at++) if (this.#keys[start + at] !== key[at]) return false;
    return true;
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let number = 0; number < this.#size; number++) {
      if (!this.#otherDigests.has(number)) this.#slots[this.#slotOf(this.#keyAt(number))] = number + 1;
    }
  }
}
