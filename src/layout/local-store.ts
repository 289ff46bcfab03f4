/** The local store: blobs and manifests by digest, kept between runs and shared by processes that run at the same time. */

import { statSync, utimesSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { AceError, systemCodeOf } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type Digest, hasherFor } from "../oci/digest.ts";
import type { WritePolicy } from "../system/replace-file.ts";
import { BlobDirectory } from "./blob-directory.ts";
import { storeError } from "./store-error.ts";
import { StoreIngest } from "./store-ingest.ts";
import { StoreRun, sweepRuns } from "./store-run.ts";

/** What another thread needs to use the store of this run. Survives structured clone. */
export interface StoreHandle {
  directory: string;
  /** The run's own directory for unfinished files; undefined when it only reads. */
  ingestDirectory: string | undefined;
}

/** Bytes of a piece, and how many buffers take turns: see `filePieces` in pool/place-pieces.ts. */
const pieceBytes = 256 * 1024;
const turns = 3;

/**
 * An OCI layout's `blobs`, and `ingest` for what is not finished. What is in `blobs` was right when it came; whoever reads it
 * hashes it again. Reading does not lock: a file that is removed meanwhile stays readable to who has it open.
 */
export class LocalStore implements Disposable {
  readonly directory: string;
  readonly #blobs: BlobDirectory;
  readonly #policy: WritePolicy | undefined;
  readonly #run: StoreRun | undefined;

  private constructor(directory: string, run: StoreRun | undefined, ingestDirectory: string | undefined) {
    this.directory = directory;
    this.#run = run;
    this.#policy = ingestDirectory === undefined ? undefined : { ingestDirectory, durable: true };
    const policy = this.#policy ?? { ingestDirectory: directory, durable: false };
    this.#blobs = new BlobDirectory(join(directory, "blobs"), policy);
  }

  /**
   * Begins to use the store, which is made when it is not there; what dead processes left in it is removed. Close it: until then
   * `util prune` leaves alone what was read and put there.
   * @throws AceError `medium` when it cannot be written to
   */
  static open(directory: string): LocalStore {
    let run: StoreRun | undefined;
    try {
      run = new StoreRun(directory);
      sweepRuns(directory, run);
      return new LocalStore(directory, run, run.directory);
    } catch (error) {
      run?.close();
      throw storeError("write to", directory, error);
    }
  }

  /** The same store in another thread, whose opener keeps it open; or without `ingestDirectory` one only to read from. */
  static attach(handle: StoreHandle): LocalStore {
    return new LocalStore(handle.directory, undefined, handle.ingestDirectory);
  }

  /** For {@link LocalStore.attach}. */
  get handle(): StoreHandle {
    return { directory: this.directory, ingestDirectory: this.#policy?.ingestDirectory };
  }

  /** Where a blob is or would be. Read it only after {@link LocalStore.check}, or hash it while reading. */
  pathOf(digest: Digest): string {
    return this.#blobs.pathOf(digest);
  }

  /** True when there is a file of the right size; its content is for whoever reads it to check. Marks it as used. */
  has(descriptor: Descriptor): boolean {
    const path = this.pathOf(descriptor.digest);
    try {
      if (statSync(path, { throwIfNoEntry: false })?.size !== descriptor.size) return false;
    } catch {
      // A store that cannot be looked into has nothing for us.
      return false;
    }
    markUsed(path);
    return true;
  }

  /**
   * Yields a blob's bytes from `start` on, unchecked. A piece is good until the second one after it is asked for.
   * @throws AceError `medium` when there is no such file, it ends early or the disk fails
   */
  async *read(descriptor: Descriptor, start = 0): AsyncGenerator<Uint8Array, void, undefined> {
    const path = this.pathOf(descriptor.digest);
    const file = await this.#openBlob(path);
    try {
      const bytes = Math.min(pieceBytes, Math.max(0, descriptor.size - start));
      const buffers = Array.from({ length: turns }, () => Buffer.allocUnsafeSlow(bytes));
      for (let position = start, turn = 0; position < descriptor.size; turn++) {
        const buffer = buffers[turn % turns] ?? Buffer.alloc(0);
        const wanted = Math.min(pieceBytes, descriptor.size - position);
        const count = await readAt(file, buffer, wanted, position, path);
        if (count === 0) throw storeError("read from", path, new Error(`the file ends at byte ${position}`));
        position += count;
        yield buffer.subarray(0, count);
      }
    } finally {
      await file.close();
    }
  }

  /**
   * Hashes a blob that is there. A damaged one is removed.
   * @returns true when it is there and right
   */
  async check(descriptor: Descriptor): Promise<boolean> {
    if (!this.has(descriptor)) return false;
    const hasher = hasherFor(descriptor.digest);
    try {
      for await (const piece of this.read(descriptor)) hasher.update(piece);
    } catch (error) {
      if (error instanceof AceError && error.code === "medium") return false;
      throw error;
    }
    if (descriptor.digest.endsWith(`:${hasher.digest("hex")}`)) return true;
    this.remove(descriptor.digest);
    return false;
  }

  /**
   * A small blob whole, such as a manifest, checked. A damaged one is removed.
   * @returns undefined when it is not there, or was damaged
   */
  async readWhole(descriptor: Descriptor): Promise<Uint8Array | undefined> {
    if (!this.has(descriptor)) return undefined;
    const hasher = hasherFor(descriptor.digest);
    const bytes = Buffer.allocUnsafeSlow(descriptor.size);
    let filled = 0;
    try {
      for await (const piece of this.read(descriptor)) {
        hasher.update(piece);
        bytes.set(piece, filled);
        filled += piece.length;
      }
    } catch (error) {
      if (error instanceof AceError && error.code === "medium") return undefined;
      throw error;
    }
    if (descriptor.digest.endsWith(`:${hasher.digest("hex")}`)) return bytes;
    this.remove(descriptor.digest);
    return undefined;
  }

  /**
   * Begins to put a blob into the store.
   * @throws AceError `medium` when the store cannot be written to
   */
  ingest(descriptor: Descriptor): StoreIngest {
    if (this.#policy === undefined)
      throw storeError("write to", this.directory, new Error("it is open for reading"));
    return new StoreIngest(descriptor, this.#blobs, this.#policy);
  }

  /** Removes a blob; true when it was there and could be. */
  remove(digest: Digest): boolean {
    try {
      return this.#blobs.remove(digest);
    } catch (error) {
      // In somebody else's store, or on a broken disk: whoever reads the blob finds it damaged again, and goes on without it.
      if (systemCodeOf(error) === undefined) throw error;
      return false;
    }
  }

  /** Ends the use; unfinished blobs go. */
  close(): void {
    this.#run?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #openBlob(path: string): Promise<FileHandle> {
    try {
      return await open(path, "r");
    } catch (error) {
      throw storeError("read from", path, error);
    }
  }
}

async function readAt(
  file: FileHandle,
  into: Uint8Array,
  length: number,
  position: number,
  path: string,
): Promise<number> {
  try {
    return (await file.read(into, 0, length, position)).bytesRead;
  } catch (error) {
    throw storeError("read from", path, error);
  }
}

/** The file's times say when it was used last: access times alone would not, since many file systems do not keep them. */
function markUsed(path: string): void {
  const now = Date.now() / 1000;
  try {
    utimesSync(path, now, now);
  } catch (error) {
    // Another user's file, or a store that is only to be read: its owner decides when it goes.
    if (systemCodeOf(error) === undefined) throw error;
  }
}
