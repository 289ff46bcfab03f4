/** Hashes a volume as it passes, each segment by itself, so that what is hashed once stays hashed across an interruption. */
import { createHash, type Hash } from "node:crypto";
import { segmentBytes } from "./catalogue.ts";

export class SegmentHasher {
  readonly #done: string[];
  #open: Hash = createHash("sha256");
  #openBytes = 0;
  /** Bytes of a whole segment. */
  readonly segmentBytes: number;

  /** @param done hashes of the segments that were passed already; hashing goes on behind them */
  constructor(done: readonly string[] = [], bytes = segmentBytes) {
    this.#done = [...done];
    this.segmentBytes = bytes;
  }

  /** Hashes of the whole segments so far, in hexadecimal. */
  get done(): readonly string[] {
    return this.#done;
  }

  /** The hash of what came since the last whole segment. */
  get open(): string {
    return this.#open.copy().digest("hex");
  }

  /** Hashes of everything so far, the last segment perhaps a short one. */
  all(): string[] {
    return this.#openBytes === 0 ? [...this.#done] : [...this.#done, this.open];
  }

  /** Takes the next bytes; they stay the caller's. */
  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + this.segmentBytes - this.#openBytes);
      this.#open.update(part);
      this.#openBytes += part.length;
      at += part.length;
      if (this.#openBytes < this.segmentBytes) continue;
      this.#done.push(this.#open.digest("hex"));
      this.#open = createHash("sha256");
      this.#openBytes = 0;
    }
  }
}
