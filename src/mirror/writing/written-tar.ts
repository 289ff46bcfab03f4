/** A plain tar that an interrupted run left on a disk: read by position, its blobs hashed on all threads. */
import { Limiter } from "../../content/limiter.ts";
import { AceError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { FrameMark } from "../../pool/compressors.ts";
import type { RunContext } from "../run.ts";
import type { WrittenArchive } from "./written-archive.ts";
import type { WrittenBytes } from "./written-bytes.ts";

/** Blobs handed to the pool for each that can be hashed. */
const queuedJobs = 2;

export class WrittenTar implements WrittenArchive {
  readonly marks: readonly FrameMark[] = [];
  readonly #written: WrittenBytes;
  readonly #trusted: number;
  readonly #run: RunContext;
  readonly #jobs: Limiter;
  #bad = Number.POSITIVE_INFINITY;
  #hashed = 0;
  #vouched = 0;
  #failure: { error: unknown } | undefined;

  /** @param trusted blobs that end before this byte are known to be on the disk */
  constructor(written: WrittenBytes, trusted: number, run: RunContext) {
    this.#written = written;
    this.#trusted = trusted;
    this.#run = run;
    this.#jobs = new Limiter(run.pool.threads * queuedJobs);
  }

  get hashed(): number {
    return this.#hashed;
  }

  get vouched(): number {
    return this.#vouched;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return this.#written.read(offset, length);
  }

  async check(blob: Descriptor, offset: number): Promise<boolean> {
    const end = offset + blob.size;
    if (end > this.#written.bytes || this.#bad < offset || this.#failure !== undefined) return false;
    if (end <= this.#trusted) {
      this.#vouched++;
      return true;
    }
    const place = this.#written.placeOf(offset, blob.size);
    await this.#jobs.start(async () => {
      try {
        await this.#run.pool.run({ kind: "verify", place, descriptor: blob });
        this.#hashed++;
      } catch (error) {
        if (error instanceof AceError && error.code === "digest") this.#bad = Math.min(this.#bad, offset);
        else this.#failure ??= { error };
      }
    });
    return true;
  }

  async firstBad(): Promise<number> {
    await this.#jobs.idle();
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#bad;
  }

  kept(verified: number): FrameMark {
    return { plain: verified, packed: verified };
  }
}
