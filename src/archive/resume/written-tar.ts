/** A plain tar that an interrupted run left on a disk: read by position, its blobs hashed on all threads. */
import type { Descriptor } from "../../oci/descriptor.ts";
import type { FrameMark } from "../../pool/frames/compressors.ts";
import type { FilePlace } from "../../pool/jobs.ts";
import type { RunContext } from "../../run/run.ts";
import { BlobChecks } from "./blob-checks.ts";
import type { WrittenArchive } from "./compare-with-plan.ts";
import type { WrittenBytes } from "./written-bytes.ts";

/** Blobs handed to the pool for each that can be hashed. */
const queuedJobs = 2;

export class WrittenTar implements WrittenArchive {
  readonly marks: readonly FrameMark[] = [];
  readonly #written: WrittenBytes;
  readonly #trusted: number;
  readonly #checks: BlobChecks;
  #vouched = 0;
  /** Zeros behind it are what a power cut leaves of a file that had grown. */
  #end: number | undefined;

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

  async check(blob: Descriptor, offset: number): Promise<number> {
    const end = offset + blob.size;
    if (this.#checks.isOver(offset)) return 0;
    if (end <= this.#trusted) {
      this.#vouched++;
      return blob.size;
    }
    this.#end ??= endOfContent(this.#written);
    if (end > this.#end) return Math.max(0, this.#end - offset);
    await this.#checks.start(blob, offset, this.#written.placeOf(offset, blob.size));
    return blob.size;
  }

  goodEnd(): Promise<number> {
    return this.#checks.firstBad();
  }

  placeOf(offset: number, bytes: number): FilePlace {
    return this.#written.placeOf(offset, bytes);
  }

  kept(verified: number): FrameMark {
    return { plain: verified, packed: verified };
  }
}

const stepBytes = 1024 * 1024;

/** Where the zeros begin with which a file ends. */
function endOfContent(written: WrittenBytes): number {
  for (let end = written.bytes; end > 0; ) {
    const start = Math.max(0, end - stepBytes);
    const last = written.read(start, end - start).findLastIndex((byte) => byte !== 0);
    if (last >= 0) return start + last + 1;
    end = start;
  }
  return 0;
}
