/** Tells what blobs of an archive hash to: as fast as the processor hashes, and nothing is kept. */

import { createHash } from "node:crypto";
import { AceError } from "../../errors.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Window } from "../../tape/window/window.ts";
import type { DigestJob, FilePlace } from "../jobs.ts";
import { countMoved, isStopRequested } from "../shared-state.ts";
import { OpenFile, placePieces, stretchesOf } from "./place-pieces.ts";
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
export async function digestBlobs(job: DigestJob<Window>, context: WorkerContext): Promise<Digest[]> {
  const digests: Digest[] = [];
  using files = new OneOpenFile();
  for (const { place, size, algorithm } of job.blobs) {
    const hash = createHash(algorithm);
    const take = (piece: Uint8Array) => {
      if (isStopRequested(context.settings.shared))
        throw new AceError("stopped", "Cannot go on: the run was stopped");
      hash.update(piece);
      countMoved(context.settings.shared, piece.length);
    };
    if (place.kind !== "window") files.read(place, size, take);
    else {
      let position = 0;
      for await (const piece of placePieces(place, 0, size)) {
        take(piece);
        position += piece.length;
        releasePlace(place, position);
      }
    }
    digests.push(`${algorithm}:${hash.digest("hex")}`);
  }
  return digests;
}

/** The file that the blobs of a job lie in, opened once: in an archive of several files they come in the order of the files. */
class OneOpenFile implements Disposable {
  #file: OpenFile | undefined;

  /** Gives out a blob's bytes; each piece is good until the next. */
  read(place: FilePlace, size: number, take: (piece: Uint8Array) => void): void {
    for (const stretch of stretchesOf(place, 0, size)) {
      const file = this.#open(stretch.path);
      for (let done = 0; done < stretch.bytes; ) {
        const count = file.read(buffer, stretch, done);
        take(buffer.subarray(0, count));
        done += count;
      }
    }
  }

  #open(path: string): OpenFile {
    if (this.#file?.path === path) return this.#file;
    this[Symbol.dispose]();
    this.#file = new OpenFile(path);
    return this.#file;
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
    this.#file = undefined;
  }
}
