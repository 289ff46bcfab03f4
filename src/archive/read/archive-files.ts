/** The files of an archive that is read by position: one, or the volumes of a set, and which bytes each of them holds. */

import { namesOf } from "../../pool/blobs/place-pieces.ts";
import type { FilePlace, Stretch } from "../../pool/jobs.ts";

/** One of the files. */
export interface ArchiveFile {
  path: string;
  /** Bytes of the archive in front of it. */
  offset: number;
  bytes: number;
}

export class ArchiveFiles {
  /** As the user calls the archive. */
  readonly name: string;
  readonly totalBytes: number;
  /** True for a single file that is the archive. */
  readonly #isPlain: boolean;
  readonly #files: readonly ArchiveFile[];

  /** @param files at least one, without gaps between them */
  constructor(name: string, files: readonly ArchiveFile[]) {
    const last = files.at(-1);
    this.name = name;
    this.totalBytes = last === undefined ? 0 : last.offset + last.bytes;
    this.#files = files;
    this.#isPlain = files.length === 1 && last?.path === name;
  }

  /** Where a blob is. What lies behind the archive's end is looked for at the end of its last file, where nothing is found. */
  placeOf(offset: number, size: number): FilePlace {
    if (this.#isPlain) return { kind: "file", path: this.name, offset };
    return { kind: "files", archive: this.name, offset, stretches: this.#stretches(offset, offset + size) };
  }

  /** Which of the volumes have these bytes, as a sentence says it; undefined when the archive is one file. */
  volumesOf(offset: number, size: number): string | undefined {
    if (this.#isPlain) return undefined;
    return namesOf(this.#stretches(offset, offset + Math.max(1, size)));
  }

  #stretches(start: number, end: number): Stretch[] {
    const stretches: Stretch[] = [];
    const last = this.#files.length - 1;
    for (let at = this.#find(start), from = start; from < end && at <= last; at++) {
      const file = this.#files[at];
      if (file === undefined) break;
      const to = at === last ? end : Math.min(end, file.offset + file.bytes);
      if (to > from) stretches.push({ path: file.path, offset: from - file.offset, bytes: to - from });
      from = Math.max(from, to);
    }
    return stretches;
  }

  /** The last file that begins at `offset` or before. */
  #find(offset: number): number {
    let low = 0;
    for (let high = this.#files.length; high - low > 1; ) {
      const middle = (low + high) >>> 1;
      if ((this.#files[middle]?.offset ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low;
  }
}
