/** The bytes that an interrupted run left on a disk: in a file, or in the volumes of a set, one behind the other. */
import type { FilePlace, Stretch } from "../../pool/jobs.ts";
import { readFully } from "../../tape/medium/read-fully.ts";

/** Bytes that can be read at any place. Offsets are those of what the files hold together. */
export interface WrittenBytes {
  /** As the user calls it. */
  readonly name: string;
  readonly bytes: number;
  /** Up to `length` bytes from `offset` on, fewer at the end. The caller's. Blocks the thread. @throws AceError `medium` */
  read(offset: number, length: number): Uint8Array;
  /** Where a range is, for the pool. */
  placeOf(offset: number, bytes: number): FilePlace;
}

/** An open file. */
export interface WrittenFile {
  path: string;
  fd: number;
  bytes: number;
}

/** One file, which stays the caller's. */
export class WrittenInFile implements WrittenBytes {
  readonly name: string;
  readonly bytes: number;
  readonly #fd: number;

  constructor({ path, fd, bytes }: WrittenFile) {
    this.name = path;
    this.bytes = bytes;
    this.#fd = fd;
  }

  read(offset: number, length: number): Uint8Array {
    return readFully(this.#fd, offset, Math.min(length, Math.max(0, this.bytes - offset)), this.name);
  }

  placeOf(offset: number): FilePlace {
    return { kind: "file", path: this.name, offset };
  }
}

/** Several files, which stay the caller's. */
export class WrittenInVolumes implements WrittenBytes {
  readonly name: string;
  readonly bytes: number;
  readonly #files: readonly (WrittenFile & { start: number })[];

  constructor(name: string, files: readonly WrittenFile[]) {
    this.name = name;
    let start = 0;
    this.#files = files.map((file) => {
      const placed = { ...file, start };
      start += file.bytes;
      return placed;
    });
    this.bytes = start;
  }

  read(offset: number, length: number): Uint8Array {
    const parts = this.#stretches(offset, length).map(({ fd, path, at, bytes }) =>
      readFully(fd, at, bytes, path),
    );
    return parts.length === 1 ? (parts[0] ?? new Uint8Array(0)) : Buffer.concat(parts);
  }

  placeOf(offset: number, bytes: number): FilePlace {
    const stretches = this.#stretches(offset, bytes).map(
      (part): Stretch => ({ path: part.path, offset: part.at, bytes: part.bytes }),
    );
    return { kind: "files", archive: this.name, offset, stretches };
  }

  #stretches(offset: number, length: number): { fd: number; path: string; at: number; bytes: number }[] {
    return this.#files.flatMap(({ fd, path, start, bytes }) => {
      const at = Math.max(0, offset - start);
      const end = Math.min(bytes, offset + length - start);
      return end > at ? [{ fd, path, at, bytes: end - at }] : [];
    });
  }
}
