/** Hashes the blobs that an interrupted run left, on all threads, and knows which bad one comes first. */
import { Limiter } from "../../async/limiter.ts";
import { AceError } from "../../errors.ts";
import { type Descriptor, plainDescriptor } from "../../oci/descriptor.ts";
import type { BlobPlace } from "../../pool/jobs.ts";
import type { Pool } from "../../pool/pool.ts";

/** A body that ends early is as bad as one that is another. */
const badCodes: ReadonlySet<string> = new Set(["digest", "archive"]);

export class BlobChecks {
  readonly #pool: Pool;
  readonly #jobs: Limiter;
  #bad = Number.POSITIVE_INFINITY;
  #hashed = 0;
  #failure: { error: unknown } | undefined;

  /** @param mostAtOnce blobs handed to the pool at a time */
  constructor(pool: Pool, mostAtOnce: number) {
    this.#pool = pool;
    this.#jobs = new Limiter(mostAtOnce);
  }

  /** Blobs that were right. */
  get hashed(): number {
    return this.#hashed;
  }

  /** True when nothing from an offset on matters any more. */
  isOver(offset: number): boolean {
    return this.#bad < offset || this.#failure !== undefined;
  }

  /** Takes the next blob. Resolves when there is room for another one; what becomes of it {@link firstBad} tells. */
  async start(descriptor: Descriptor, offset: number, place: BlobPlace): Promise<void> {
    await this.#jobs.start(async () => {
      try {
        await this.#pool.run({ kind: "verify", place, descriptor: plainDescriptor(descriptor) });
        this.#hashed++;
      } catch (error) {
        if (error instanceof AceError && badCodes.has(error.code)) this.#bad = Math.min(this.#bad, offset);
        else this.#failure ??= { error };
      }
    });
  }

  /** Waits for all. @returns where the first bad one begins; Infinity when all are good. @throws what else went wrong */
  async firstBad(): Promise<number> {
    await this.#jobs.idle();
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#bad;
  }
}
