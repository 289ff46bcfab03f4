/** What an archive is read from as a stream: standard input, a pipe, a file, a tape. Only the reader thread touches one. */
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { AceError, messageOf, systemCodeOf } from "../errors.ts";
import { readTape } from "./read-tape.ts";
import { isTapeStat } from "./tape-device.ts";
import type { TapePosition } from "./tape-position.ts";

/** What to read from, and how. */
export interface SourceOptions {
  /** A path, or `-` for standard input. */
  source: string;
  /** Bytes of a read call; 0 finds out, on a tape from its blocks. */
  blockBytes: number;
  /** Where on a tape to begin; where it stands, when left out. */
  position?: TapePosition | undefined;
}

/** Bytes of a read call on a file or pipe when nothing is said: large enough to make the calls cheap. */
const streamReadBytes = 1024 * 1024;

/**
 * Reads the source to its end. Each chunk is the reader's buffer: use it before asking for the next.
 * @param isStopped true when the waiting for a drive is to end
 * @throws AceError `medium`; `usage` for a position in what is no tape
 */
export function* readSource(
  { source, blockBytes, position = { kind: "here" } }: SourceOptions,
  isStopped: () => boolean = () => false,
): Generator<Uint8Array, void, undefined> {
  const stat = source === "-" ? undefined : statSync(source, { bigint: true, throwIfNoEntry: false });
  if (stat !== undefined && isTapeStat(stat)) {
    yield* readTape({ name: source, blockBytes, position, isStopped });
    return;
  }
  if (position.kind !== "here") throw new AceError("usage", `Cannot use --position: ${source} is not a tape`);
  const fd = source === "-" ? 0 : open(source);
  try {
    const buffer = Buffer.alloc(blockBytes > 0 ? blockBytes : streamReadBytes);
    for (let offset = 0; ; ) {
      const count = readOnce(fd, buffer, source, offset);
      if (count === 0) return;
      offset += count;
      yield buffer.subarray(0, count);
    }
  } finally {
    if (fd !== 0) closeSync(fd);
  }
}

function open(source: string): number {
  try {
    const fd = openSync(source, constants.O_RDONLY);
    if (!fstatSync(fd).isDirectory()) return fd;
    closeSync(fd);
  } catch (cause) {
    const states: Readonly<Record<string, string>> = {
      ENOENT: "no such file",
      EACCES: "permission denied",
      EBUSY: "another program has the device open",
    };
    throw new AceError(
      "medium",
      `Cannot read ${source}: ${states[systemCodeOf(cause) ?? ""] ?? messageOf(cause)}`,
      { cause },
    );
  }
  throw new AceError("medium", `Cannot read ${source}: it is a directory`);
}

function readOnce(fd: number, buffer: Buffer, source: string, offset: number): number {
  for (;;) {
    try {
      return readSync(fd, buffer, 0, buffer.length, null);
    } catch (cause) {
      const code = systemCodeOf(cause);
      if (code === "EAGAIN") {
        // A pipe that somebody else set to non-blocking.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
        continue;
      }
      if (code === "EOF") return 0;
      throw new AceError(
        "medium",
        `Cannot read ${source} at byte ${offset}: ${code === "EIO" ? "input/output error" : messageOf(cause)}`,
        { cause },
      );
    }
  }
}
