/** What an archive is written to: a new file, standard output, a pipe, a device, a tape. Only the writer thread touches one. */
import {
  type BigIntStats,
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  openSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { AceError, messageOf, systemCodeOf } from "../errors.ts";
import { checkStandardOutput } from "./standard-output.ts";
import { startWriteback } from "./system-calls.ts";
import { isTapeStat, tapeStatus, writeFilemarks } from "./tape-device.ts";

export type MediumKind = "file" | "stream" | "device" | "tape";

/** How to open a medium. */
export interface MediumOptions {
  /** A path, or `-` for standard output. */
  destination: string;
  /** Replace an existing regular file. */
  force: boolean;
  /** Bytes of one write call. */
  blockBytes: number;
}

/** An open medium. Every method throws AceError `medium`. */
export interface Medium {
  readonly kind: MediumKind;
  /** Writes a whole block, in one call where the kernel allows it; `offset` (bytes already written) is for messages. */
  write(block: Uint8Array, offset: number): void;
  /** Returns when all that was written is on the medium, as far as the medium can tell. */
  flush(): void;
  /** Ends a whole archive: filemark on a tape, and close. */
  finish(): void;
  /** Closes without claiming anything; removes a new file to which nothing was written. */
  abandon(written: number): void;
}

/** What stands at a destination now, or undefined. */
export function statDestination(destination: string): BigIntStats | undefined {
  try {
    return destination === "-" ? fstatSync(1, { bigint: true }) : statSync(destination, { bigint: true });
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return undefined;
    throw openError(destination, cause);
  }
}

/**
 * Refuses what would be refused after hours of work otherwise. Touches nothing.
 * @returns what kind of medium the destination is
 * @throws AceError `medium`
 */
export function checkDestination(options: MediumOptions): MediumKind {
  if (options.destination === "-") checkStandardOutput();
  const stat = statDestination(options.destination);
  if (stat === undefined) return "file";
  if (stat.isDirectory())
    throw new AceError("medium", `Cannot write ${options.destination}: it is a directory`);
  if (stat.isFile() && options.destination !== "-" && !options.force) {
    throw new AceError("medium", `Cannot write ${options.destination}: the file exists already`, {
      hint: "Name a new file, or give --force to replace this one.",
    });
  }
  return kindOf(stat);
}

function kindOf(stat: BigIntStats): MediumKind {
  if (stat.isFile()) return "file";
  if (isTapeStat(stat)) return "tape";
  return stat.isFIFO() || stat.isSocket() ? "stream" : "device";
}

/**
 * Opens the destination for writing.
 * @throws AceError `medium`
 */
export function openMedium(options: MediumOptions): Medium {
  const kind = checkDestination(options);
  const fd = options.destination === "-" ? 1 : open(options, kind);
  if (kind === "tape") checkTape(fd, options);
  return new OpenMedium(fd, kind, options);
}

/** A tape or device is opened as it is: O_CREAT would make a regular file of a missing node, O_TRUNC means nothing to st. */
function open(options: MediumOptions, kind: MediumKind): number {
  const exists = statDestination(options.destination) !== undefined;
  const flags =
    kind === "file"
      ? constants.O_CREAT | (exists ? constants.O_TRUNC : constants.O_EXCL)
      : kind === "tape"
        ? constants.O_NONBLOCK
        : 0;
  try {
    return openSync(options.destination, constants.O_WRONLY | flags, 0o666);
  } catch (cause) {
    throw openError(options.destination, cause);
  }
}

/** With O_NONBLOCK the open succeeds without a tape (st.rst); the status then says what is wrong, at once and in words. */
function checkTape(fd: number, options: MediumOptions): void {
  const status = tapeStatus(fd);
  const refuse = (state: string, hint: string): never => {
    closeSync(fd);
    throw new AceError("medium", `Cannot write ${options.destination}: ${state}`, { hint });
  };
  if (status === undefined) return;
  if (!status.online)
    refuse("there is no tape in the drive, or it is not ready", `See: mt -f ${options.destination} status`);
  if (status.writeProtected)
    refuse("the tape is write-protected", "Slide the cartridge's switch to unlocked.");
  if (status.fixedBlockBytes !== 0 && options.blockBytes % status.fixedBlockBytes !== 0) {
    refuse(
      `the drive is set to blocks of ${status.fixedBlockBytes} bytes, which do not divide --block-size ${options.blockBytes}`,
      `Set variable blocks: mt -f ${options.destination} setblk 0`,
    );
  }
}

function openError(destination: string, cause: unknown): AceError {
  const state = openStates[systemCodeOf(cause) ?? ""] ?? messageOf(cause);
  return new AceError("medium", `Cannot write ${destination}: ${state}`, { cause });
}

const openStates: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  ENOENT: "its directory does not exist",
  EBUSY: "another program has the device open",
  EROFS: "it is write-protected or on a read-only filesystem",
  ENOMEDIUM: "there is no tape in the drive",
  ENXIO: "no such device",
  EEXIST: "the file exists already",
  ENOTDIR: "a part of its path is not a directory",
};

const writeStates: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on it",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be larger than the system allows",
  EPIPE: "nobody reads from the pipe any more",
  EIO: "input/output error",
};

/** Bytes between two hints to the kernel: large enough for long runs on the disk, small beside any dirty limit. */
const writeBehindBytes = 16 * 1024 * 1024;

class OpenMedium implements Medium {
  readonly #fd: number;
  readonly #options: MediumOptions;
  #dirty = false;
  /** Up to here the kernel was asked to begin writing. */
  #started = 0;

  constructor(
    fd: number,
    readonly kind: MediumKind,
    options: MediumOptions,
  ) {
    this.#fd = fd;
    this.#options = options;
  }

  write(block: Uint8Array, offset: number): void {
    this.#dirty = true;
    for (let done = 0; done < block.length; ) {
      let count: number;
      try {
        count = writeSync(this.#fd, block, done, block.length - done);
      } catch (cause) {
        if (systemCodeOf(cause) === "EAGAIN") {
          // A pipe that somebody else set to non-blocking; 5 ms is far below what an operator notices.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
          continue;
        }
        throw this.#failure(cause, offset + done);
      }
      if (count < block.length && this.kind === "tape") {
        throw new AceError(
          "medium",
          `Cannot write ${this.#options.destination}: end of tape at byte ${offset + count}`,
        );
      }
      done += count;
    }
    this.#writeBehind(offset + block.length);
  }

  /** Lets the disk work while blobs still come in, so that the flush at the end has little left to wait for. */
  #writeBehind(end: number): void {
    if (this.kind !== "file" || end - this.#started < writeBehindBytes) return;
    startWriteback(this.#fd, this.#started, end - this.#started);
    this.#started = end;
  }

  flush(): void {
    if (!this.#dirty) return;
    try {
      if (this.kind === "file") fdatasyncSync(this.#fd);
      if (this.kind === "tape") writeFilemarks(this.#fd, 0);
    } catch (cause) {
      if (systemCodeOf(cause) === "EINVAL") return; // standard output on something that cannot be synced
      throw cause instanceof AceError ? cause : this.#failure(cause, undefined);
    }
    this.#dirty = false;
  }

  finish(): void {
    this.flush();
    if (this.kind === "tape") writeFilemarks(this.#fd, 1);
    this.#close();
  }

  abandon(written: number): void {
    try {
      this.#close();
    } finally {
      if (this.kind === "file" && written === 0 && this.#options.destination !== "-")
        unlinkSync(this.#options.destination);
    }
  }

  /** close(2) of a tape carries the error of the last flush. */
  #close(): void {
    if (this.#options.destination === "-") return;
    try {
      closeSync(this.#fd);
    } catch (cause) {
      throw this.#failure(cause, undefined);
    }
  }

  #failure(cause: unknown, offset: number | undefined): AceError {
    const state = writeStates[systemCodeOf(cause) ?? ""] ?? messageOf(cause);
    const place = offset === undefined ? "" : ` at byte ${offset}`;
    const name = this.#options.destination === "-" ? "standard output" : this.#options.destination;
    return new AceError("medium", `Cannot write ${name}: ${state}${place}`, { cause });
  }
}
