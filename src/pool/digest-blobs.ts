/** Tells what blobs of an archive hash to: as fast as the processor hashes, and nothing is kept. */

import { createHash } from "node:crypto";
import { closeSync } from "node:fs";
import { AceError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import { attachWindow } from "./attach-window.ts";
import type { DigestJob } from "./jobs.ts";
import { openForReading, readAt, windowPieces } from "./place-pieces.ts";
import { countMoved, isStopRequested } from "./shared-state.ts";
import { releasePlace } from "./upload-blob.ts";
import type { WorkerContext } from "./worker-context.ts";

/** Read at a time, in bytes: stays in a core's own cache between reading and hashing. */
const pieceBytes = 256 * 1024;

/** One a thread: jobs on files never wait, so that no two of them use it at a time. */
const buffer = Buffer.allocUnsafeSlow(pieceBytes);

/**
 * @returns one digest a blob
 * @throws AceError `archive` when the archive ends in the middle of a blob, `medium` when it cannot be read, `stopped`
 */
export async function digestBlobs(job: DigestJob, context: WorkerContext): Promise<Digest[]> {
  const digests: Digest[] = [];
  using files = new OpenFile();
  for (const { place, size, algorithm } of job.blobs) {
    const hash = createHash(algorithm);
    const take = (piece: Uint8Array) => {
      if (isStopRequested(context.settings.shared))
        throw new AceError("stopped", "Cannot go on: the run was stopped");
      hash.update(piece);
      countMoved(context.settings.shared, piece.length);
    };
    if (place.kind === "file") files.read(place.path, place.offset, size, take);
    else {
      let position = 0;
      for await (const piece of windowPieces(attachWindow(place.window), place.offset, place.offset + size)) {
        take(piece);
        position += piece.length;
        releasePlace(place, position);
      }
    }
    digests.push(`${algorithm}:${hash.digest("hex")}`);
  }
  return digests;
}

/** The file that the blobs of a job lie in, opened once. */
class OpenFile implements Disposable {
  #open: { path: string; fd: number } | undefined;

  /** Gives out a blob's bytes; each piece is good until the next. */
  read(path: string, offset: number, size: number, take: (piece: Uint8Array) => void): void {
    const fd = this.#fdOf(path);
    for (let done = 0; done < size; ) {
      const wanted = buffer.subarray(0, Math.min(pieceBytes, size - done));
      const count = readAt(fd, wanted, offset + done, path);
      if (count === 0)
        throw new AceError(
          "archive",
          `Cannot read ${path}: it ends at byte ${offset + done}, in the middle of a blob`,
        );
      take(wanted.subarray(0, count));
      done += count;
    }
  }

  #fdOf(path: string): number {
    if (this.#open?.path === path) return this.#open.fd;
    this[Symbol.dispose]();
    const fd = openForReading(path);
    this.#open = { path, fd };
    return fd;
  }

  [Symbol.dispose](): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }
}
