/** A volume that is a file, with its catalogue in a second one beside it. */
import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  rmSync,
  writeSync,
} from "node:fs";
import { AceError, systemState } from "../../errors.ts";
import { cataloguePath } from "../catalogue/volume-names.ts";
import type { VolumeMedium } from "./medium.ts";
import { OpenMedium } from "./medium-writing.ts";
import { cutFile, openLocked } from "./open-medium.ts";

/** Which file, and how. */
export interface VolumeFileOptions {
  /** Of the volume, not of the archive. */
  path: string;
  blockBytes: number;
  /** Replace files that are there. */
  force: boolean;
  /** A volume that an earlier run began: its file, which is the medium's from now on, and how many bytes of it stay. */
  kept: { fd: number; bytes: number } | undefined;
  /** Bytes of the archive in front of the volume. */
  offset: number;
}

export class VolumeFile implements VolumeMedium {
  readonly kind = "file";
  readonly start = { file: undefined, block: undefined };
  readonly isAtEnd = false;
  readonly blockBytes: number;
  readonly #options: VolumeFileOptions;
  readonly #data: OpenMedium;
  /** Of the catalogue, once it is begun. */
  #fd: number | undefined;
  #catalogueBytes = 0;

  /** @throws AceError `medium` when one of the files is there and is to stay, or cannot be opened */
  constructor(options: VolumeFileOptions) {
    const { path, kept, force, blockBytes, offset } = options;
    this.#options = options;
    this.blockBytes = blockBytes;
    if (kept === undefined && !force) {
      for (const each of [path, cataloguePath(path)]) {
        if (!existsSync(each)) continue;
        throw new AceError("medium", `Cannot write ${each}: the file exists already`, {
          hint: { kind: "keep-or-replace", written: "volumes" },
        });
      }
    }
    const fd = kept?.fd ?? openLocked(path, constants.O_RDWR | constants.O_APPEND);
    const settings = { destination: path, force, blockBytes };
    // Offsets are those of the archive, and the file's begin at 0.
    const keptBytes = kept?.bytes ?? 0;
    // What it says is of a volume that is no more.
    rmSync(cataloguePath(path), { force: true });
    this.#data = new OpenMedium(cutFile(fd, keptBytes, path), "file", settings, keptBytes, offset);
  }

  write(block: Uint8Array, offset: number): number {
    return this.#data.write(block, offset);
  }

  flush(): void {
    this.#data.flush();
  }

  endData(): void {
    this.#data.flush();
    const path = cataloguePath(this.#options.path);
    this.#fd = this.#attempt(() =>
      openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o666),
    );
  }

  addToCatalogue(piece: Uint8Array): boolean {
    const fd = this.#fd;
    if (fd === undefined) throw new AceError("internal", "Cannot write a catalogue: the data have not ended");
    this.#attempt(() => {
      for (let done = 0; done < piece.length; ) done += writeSync(fd, piece, done);
    });
    this.#catalogueBytes += piece.length;
    return true;
  }

  restartCatalogue(): void {
    const fd = this.#fd;
    if (fd !== undefined && this.#catalogueBytes > 0) this.#attempt(() => ftruncateSync(fd, 0));
  }

  finish(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) {
      this.#attempt(() => fsyncSync(fd));
      this.#attempt(() => closeSync(fd));
    }
    this.#data.finish();
  }

  abandon(written: number): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#data.abandon(written - this.#options.offset);
  }

  #attempt<Result>(act: () => Result): Result {
    try {
      return act();
    } catch (cause) {
      const state = systemState(cause);
      throw new AceError("medium", `Cannot write ${cataloguePath(this.#options.path)}: ${state}`, { cause });
    }
  }
}
