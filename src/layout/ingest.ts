/** A blob on its way to disk: bytes go to an unfinished file and through a hash; only whole, matching content leaves it. */
import { createHash, type Hash, randomUUID } from "node:crypto";
import { closeSync, createReadStream, fdatasync, ftruncateSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BlobSink } from "../content/storage.ts";
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import type { WritePolicy } from "../system/replace-file.ts";

const syncData = promisify(fdatasync);

/**
 * An unfinished file. The creator writes, asks for the {@link Ingest.digest} and, when it is the right one, calls
 * {@link Ingest.finish} and takes the file; in every other case {@link Ingest.discard}.
 */
export class Ingest implements BlobSink {
  /** The file's path, in the policy's ingest directory. */
  readonly path: string;
  #descriptor: number | undefined;
  #size = 0;
  readonly #algorithm: string;
  readonly #hash: Hash;

  /**
   * Creates the file.
   * @param algorithm the digest algorithm that is hoped for; another one costs a second reading at the end
   * @throws the system's error
   */
  constructor(
    private readonly policy: WritePolicy,
    algorithm = "sha256",
  ) {
    this.path = join(policy.ingestDirectory, randomUUID());
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm);
    this.#descriptor = openSync(this.path, "wx", 0o644);
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size;
  }

  /**
   * Appends. Synchronous: measured in Bun 1.4.5 with 64 KiB chunks, the thread pool's round trip costs more CPU than the
   * write into the page cache (0.9 against 2.3 system seconds a GB), and a chunk is either taken whole or not at all.
   */
  write(chunk: Uint8Array): void {
    if (this.#descriptor === undefined) throw new Error("write after finish or discard");
    try {
      for (let done = 0; done < chunk.length; ) {
        done += writeSync(this.#descriptor, chunk, done, chunk.length - done, this.#size + done);
      }
    } catch (error) {
      // Disk full in mid-chunk: what is hashed and what is in the file must stay the same bytes.
      ftruncateSync(this.#descriptor, this.#size);
      throw error;
    }
    this.#hash.update(chunk);
    this.#size += chunk.length;
  }

  /** The digest of what was written, in the algorithm of `expected`; ends the writing. */
  async digest(expected: Digest): Promise<Digest> {
    if (this.#descriptor === undefined) throw new Error("digest after finish or discard");
    const wanted = digestAlgorithm(expected);
    const running: Digest = `${this.#algorithm}:${this.#hash.digest("hex")}`;
    return wanted === this.#algorithm ? running : await digestOfFile(this.path, wanted);
  }

  /** Makes the bytes durable and closes the file, which stays where it is for the caller to move. */
  async finish(): Promise<void> {
    if (this.#descriptor === undefined) throw new Error("finish after finish or discard");
    if (this.policy.durable) await syncData(this.#descriptor);
    this.#close();
  }

  /** Throws the file away; does nothing to one that was moved. */
  discard(): void {
    this.#close();
    rmSync(this.path, { force: true });
  }

  [Symbol.dispose](): void {
    this.discard();
  }

  #close(): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** Hashes a file of any size in constant memory. */
async function digestOfFile(path: string, algorithm: string): Promise<Digest> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  return `${algorithm}:${hash.digest("hex")}`;
}
