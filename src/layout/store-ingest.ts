/** A blob on its way into the local store: nobody sees it there before its digest was found right and its bytes are on disk. */
import type { BlobSink } from "../content/storage.ts";
import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { digestAlgorithm } from "../oci/digest.ts";
import type { WritePolicy } from "../system/replace-file.ts";
import type { BlobDirectory } from "./blob-directory.ts";
import { Ingest } from "./ingest.ts";
import { storeError } from "./store-error.ts";

/** Write all bytes in order, then commit; abort in every other case (or use `using`). */
export class StoreIngest implements BlobSink, Disposable {
  readonly #descriptor: Descriptor;
  readonly #blobs: BlobDirectory;
  readonly #ingest: Ingest;

  /** @throws AceError `medium` when the store cannot be written to */
  constructor(descriptor: Descriptor, blobs: BlobDirectory, policy: WritePolicy) {
    this.#descriptor = descriptor;
    this.#blobs = blobs;
    try {
      this.#ingest = new Ingest(policy, digestAlgorithm(descriptor.digest));
    } catch (error) {
      throw storeError("write to", this.#blobs.root, error);
    }
  }

  /** Bytes taken so far. */
  get size(): number {
    return this.#ingest.size;
  }

  /**
   * Takes the next bytes; they are the caller's again when it returns.
   * @throws AceError `medium` when the disk is full or fails; nothing of the chunk was taken then
   */
  write(chunk: Uint8Array): void {
    try {
      this.#ingest.write(chunk);
    } catch (error) {
      throw storeError("write to", this.#blobs.root, error);
    }
  }

  /**
   * Puts the blob into the store, durably. One that another process has put there meanwhile is the same, and is replaced.
   * @throws AceError `digest` when the bytes are not the descriptor's, `medium` when the disk fails; nothing is kept then
   */
  async commit(): Promise<void> {
    const { digest, size } = this.#descriptor;
    try {
      const actual = await this.#ingest.digest(digest);
      if (actual !== digest || this.#ingest.size !== size) {
        throw new AceError(
          "digest",
          `Cannot keep blob ${digest}: ${this.#ingest.size} bytes came, of digest ${actual}, wanted ${size}`,
        );
      }
      await this.#ingest.finish();
      this.#blobs.take(this.#ingest.path, digest);
      await this.#blobs.settle(digest);
    } catch (error) {
      this.abort();
      throw error instanceof AceError ? error : storeError("write to", this.#blobs.root, error);
    }
  }

  /** Throws away what came; after a commit it does nothing. */
  abort(): void {
    this.#ingest.discard();
  }

  [Symbol.dispose](): void {
    this.abort();
  }
}
