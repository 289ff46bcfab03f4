/** Hashes the blobs of an archive: of a file on all cores by position, of a stream as it passes. */

import { Limiter } from "../../async/limiter.ts";
import { AceError } from "../../errors.ts";
import type { TarFound } from "../../format/tar-reader.ts";
import { type Digest, digestAlgorithm } from "../../oci/digest.ts";
import type { Pool } from "../../pool/pool.ts";
import type { ArchiveContents } from "../read/archive-contents.ts";
import type { ArchiveSource } from "../read/archive-source.ts";

/** Blobs of a file that go to a thread together: so many bytes that the way to the thread costs nothing beside them. */
const jobBytes = 8 * 1024 * 1024;
const jobBlobs = 512;

/** Bodies of a stream at threads at a time; more would only wait there. */
const mostInFlight = 128;

/** A blob with its place. */
interface PlacedBlob {
  digest: Digest;
  bodyOffset: number;
  sizeBytes: number;
}

/**
 * Hashes every whole blob of a plain file.
 * @param onDone told how many more are hashed, for the progress
 * @throws AceError `medium`, `stopped`; wrong bytes are told to `contents`
 */
export async function hashByPosition(
  source: ArchiveSource,
  contents: ArchiveContents,
  pool: Pool,
  onDone: (blobs: number) => void,
): Promise<void> {
  const failures: unknown[] = [];
  const limiter = new Limiter(pool.threads);
  for (const job of jobsOf(contents, pool.threads)) {
    if (failures.length > 0) break;
    await limiter.start(async () => {
      try {
        const blobs = await Promise.all(
          job.map(async ({ digest, bodyOffset, sizeBytes }) => ({
            place: await source.claim(bodyOffset, sizeBytes),
            size: sizeBytes,
            algorithm: digestAlgorithm(digest),
          })),
        );
        const actual = await pool.run({ kind: "digest", blobs });
        for (const [at, { digest }] of job.entries()) contents.settle(digest, actual[at] ?? digest);
        onDone(job.length);
      } catch (error) {
        failures.push(error);
      }
    });
  }
  await limiter.idle();
  if (failures.length > 0) throw failures[0];
}

/**
 * Large blobs first, that none of them is left to one thread in the end; then all others in the order in which they lie on the disk.
 * A blob is large when it is more than a quarter of a thread's share.
 */
function* jobsOf(contents: ArchiveContents, threads: number): Generator<PlacedBlob[], void, undefined> {
  const total = contents.blobs.bytes;
  const isLarge = ({ sizeBytes }: PlacedBlob) => sizeBytes > Math.max(jobBytes, total / (threads * 4));
  const large = contents.blobs.all().filter(isLarge).toArray();
  for (const blob of large.sort((a, b) => b.sizeBytes - a.sizeBytes)) yield [blob];
  let job: PlacedBlob[] = [];
  let bytes = 0;
  for (const blob of contents.blobs.all()) {
    if (isLarge(blob)) continue;
    job.push(blob);
    bytes += blob.sizeBytes;
    if (bytes < jobBytes && job.length < jobBlobs) continue;
    yield job;
    job = [];
    bytes = 0;
  }
  if (job.length > 0) yield job;
}

/** Hashes the bodies of a stream. */
export class StreamHashing {
  readonly #source: ArchiveSource;
  readonly #pool: Pool;
  readonly #limiter = new Limiter(mostInFlight);
  #failure: { error: unknown } | undefined;

  constructor(source: ArchiveSource, pool: Pool) {
    this.#source = source;
    this.#pool = pool;
  }

  /**
   * Takes a body. Resolves when there is room for the next one.
   * @throws AceError the failure of an earlier one
   */
  async body(entry: TarFound, digest: Digest, contents: ArchiveContents): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const { bodyOffset, sizeBytes } = entry;
    const place = await this.#source.claim(bodyOffset, sizeBytes);
    const blobs = [{ place, size: sizeBytes, algorithm: digestAlgorithm(digest) }];
    await this.#limiter.start(async () => {
      try {
        const [actual = digest] = await this.#pool.run({ kind: "digest", blobs });
        contents.settle(digest, actual);
      } catch (error) {
        // Where the archive ends in a body, whoever scans it tells.
        if (!(error instanceof AceError) || error.code !== "archive") this.#failure ??= { error };
      }
    });
  }

  /** @throws AceError the first failure */
  async finish(): Promise<void> {
    await this.#limiter.idle();
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
