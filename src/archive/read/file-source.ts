/** An archive that is read by position: a plain tar in a file, or in the volumes of a set. */
import { closeSync, openSync } from "node:fs";
import { AceError, cannotRead, systemState } from "../../errors.ts";
import { stretchesOf } from "../../pool/blobs/place-pieces.ts";
import type { BlobPlace, Stretch } from "../../pool/jobs.ts";
import { readFully } from "../../tape/medium/read-fully.ts";
import type { ArchiveFiles } from "./archive-files.ts";
import type { ArchiveSource } from "./archive-source.ts";
import type { FoundSet } from "./check-volumes.ts";

/** Files open at a time: manifests and configs that are looked at in turn lie in few volumes. */
const mostOpen = 4;

export class FileSource implements ArchiveSource {
  readonly seekable = true;
  readonly files: ArchiveFiles;
  readonly volumes: FoundSet | undefined;
  /** By path, the one that was used last at the end. Undefined when closed: the numbers may be somebody else's by then. */
  #open: Map<string, number> | undefined = new Map();

  constructor(files: ArchiveFiles, volumes: FoundSet | undefined) {
    this.files = files;
    this.volumes = volumes;
  }

  get name(): string {
    return this.files.name;
  }

  get totalBytes(): number {
    return this.files.totalBytes;
  }

  position(): number {
    return 0;
  }

  windowFill(): undefined {
    return undefined;
  }

  isPacked(): boolean {
    return false;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return this.readNow(offset, length);
  }

  /** The same as {@link FileSource.read}, at once. @throws AceError `medium`, `stopped` when it is closed */
  readNow(offset: number, length: number): Uint8Array {
    const bytes = Math.min(length, Math.max(0, this.totalBytes - offset));
    const pieces: Uint8Array[] = [];
    for (const stretch of stretchesOf(this.files.placeOf(offset, bytes), 0, bytes)) {
      const piece = readFully(this.#fdOf(stretch), stretch.offset, stretch.bytes, stretch.path);
      pieces.push(piece);
      if (piece.length < stretch.bytes) break;
    }
    const [first = new Uint8Array(0)] = pieces;
    return pieces.length > 1 ? Buffer.concat(pieces) : first;
  }

  async claim(offset: number, size: number): Promise<BlobPlace> {
    return this.files.placeOf(offset, size);
  }

  async discard(): Promise<void> {}

  close(): void {
    const open = this.#open;
    this.#open = undefined;
    for (const fd of open?.values() ?? []) closeSync(fd);
  }

  #fdOf({ path }: Stretch): number {
    const open = this.#open;
    if (open === undefined) throw new AceError("stopped", `Cannot read ${this.name}: it is closed`);
    const fd = open.get(path) ?? openFile(path);
    open.delete(path);
    open.set(path, fd);
    for (const [other, unused] of open) {
      if (open.size <= mostOpen) break;
      open.delete(other);
      closeSync(unused);
    }
    return fd;
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw cannotRead("medium", path, systemState(cause), { cause });
  }
}
