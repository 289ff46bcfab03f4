/** A plain tar that an interrupted run left on a disk: read by position, its blobs hashed on all threads. */
import type { Descriptor } from "../../oci/descriptor.ts";
import type { FrameMark } from "../../pool/frames/compressors.ts";
import type { RunContext } from "../../run/run.ts";
import { BlobChecks } from "./blob-checks.ts";
import type { WrittenArchive } from "./written-archive.ts";
import type { WrittenBytes } from "./written-bytes.ts";

/** Blobs handed to the pool for each that can be hashed. */
const queuedJobs = 2;

export class WrittenTar implements WrittenArchive {
  readonly marks: readonly FrameMark[] = [];
  readonly #written: WrittenBytes;
  readonly #trusted: number;
  readonly #checks: BlobChecks;
  #vouched = 0;

  /** @param trusted blobs that end before this byte are known to be on the disk */
  constructor(written: WrittenBytes, trusted: number, run: RunContext) {
    this.#written = written;
    this.#trusted = trusted;
    this.#checks = new BlobChecks(run.pool, run.pool.threads * queuedJobs);
  }

  get hashed(): number {
    return this.#checks.hashed;
  }

  get vouched(): number {
    return this.#vouched;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return this.#written.read(offset, length);
  }

  async check(blob: Descriptor, offset: number): Promise<boolean> {
    const end = offset + blob.size;
    if (end > this.#written.bytes || this.#checks.isOver(offset)) return false;
    if (end <= this.#trusted) {
      this.#vouched++;
      return true;
    }
    await this.#checks.start(blob, offset, this.#written.placeOf(offset, blob.size));
    return true;
  }

  firstBad(): Promise<number> {
    return this.#checks.firstBad();
  }

  kept(verified: number): FrameMark {
    return { plain: verified, packed: verified };
  }
}
