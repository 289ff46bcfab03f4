/** The calls that write to an open medium other than a tape. Only the writer thread makes them. */
import { closeSync, fdatasyncSync, unlinkSync, writeSync } from "node:fs";
import { AceError, systemCodeOf, systemState } from "../../errors.ts";
import { startWriteback, waitUntilReady } from "../../system/system-calls.ts";
import type { Medium, MediumKind, MediumOptions } from "./medium.ts";

/** Bytes between two hints to the kernel: large enough for long runs on the disk, small beside any dirty limit. */
const writeBehindBytes = 16 * 1024 * 1024;

/** A medium that is open; the descriptor is its own. */
export class OpenMedium implements Medium {
  readonly #fd: number;
  readonly #options: MediumOptions;
  #dirty = false;
  /** Up to here the kernel was asked to begin writing. */
  #started = 0;

  constructor(
    fd: number,
    readonly kind: Exclude<MediumKind, "tape">,
    options: MediumOptions,
    /** Bytes of it that an earlier run wrote. */
    resumedAt = 0,
    /** The archive's byte with which it begins. */
    readonly start = 0,
  ) {
    this.#fd = fd;
    this.#options = options;
    this.#started = start + resumedAt;
    // What an earlier run wrote may not be on the disk either.
    this.#dirty = resumedAt > 0;
  }

  write(block: Uint8Array, offset: number): number {
    this.#dirty = true;
    for (let done = 0; done < block.length; ) {
      let count: number;
      try {
        count = writeSync(this.#fd, block, done, block.length - done);
      } catch (cause) {
        if (systemCodeOf(cause) === "EAGAIN") {
          // Bun sets standard output to non-blocking, and whoever shares a pipe may have. It takes 64 KiB at a time.
          waitUntilReady(this.#fd, "write");
          continue;
        }
        throw this.#failure(cause, offset + done);
      }
      done += count;
    }
    this.#writeBehind(offset + block.length);
    return block.length;
  }

  /** Lets the disk work while blobs still come in, so that the flush at the end has little left to wait for. */
  #writeBehind(end: number): void {
    if (this.kind !== "file" || end - this.#started < writeBehindBytes) return;
    startWriteback(this.#fd, this.#started - this.start, end - this.#started);
    this.#started = end;
  }

  flush(): void {
    if (!this.#dirty) return;
    try {
      if (this.kind === "file") fdatasyncSync(this.#fd);
    } catch (cause) {
      if (systemCodeOf(cause) === "EINVAL") return; // standard output on something that cannot be synced
      throw this.#failure(cause, undefined);
    }
    this.#dirty = false;
  }

  finish(): void {
    this.flush();
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

  /** close(2) carries what a network file system could not write. */
  #close(): void {
    if (this.#options.destination === "-") return;
    try {
      closeSync(this.#fd);
    } catch (cause) {
      throw this.#failure(cause, undefined);
    }
  }

  #failure(cause: unknown, offset: number | undefined): AceError {
    const state = systemState(cause);
    const place = offset === undefined ? "" : ` at byte ${offset}`;
    const name = this.#options.destination === "-" ? "standard output" : this.#options.destination;
    return new AceError("medium", `Cannot write ${name}: ${state}${place}`, { cause });
  }
}
