/** What an archive is read from as a stream: standard input, a pipe, a file, a tape. Only the reader thread touches one. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { AceError, messageOf, systemCodeOf } from "../errors.ts";
import { isTape, tapeStatus } from "./tape-device.ts";

/** Bytes of a read call on a file or pipe when nothing is said: large enough to make the calls cheap. */
const streamReadBytes = 1024 * 1024;

/**
 * Bytes offered to the first read on a tape when the block size is to be found: the largest block that st accepts with
 * common drives (READ BLOCK LIMITS 8 MiB, design/tape.md section 2), so that no block is too large for the buffer.
 */
const tapeReadBytes = 8 * 1024 * 1024;

/**
 * Reads the source to its end. Each chunk is the reader's buffer: use it before asking for the next.
 * @param blockBytes bytes of a read call; 0 finds out, on a tape from the first block
 * @throws AceError `medium`
 */
export function* readSource(source: string, blockBytes: number): Generator<Uint8Array, void, undefined> {
  const fd = source === "-" ? 0 : open(source);
  try {
    const tape = isTape(fd);
    const buffer = Buffer.alloc(readBytes(fd, tape, blockBytes));
    for (let offset = 0; ; ) {
      const count = readOnce(fd, buffer, source, offset);
      // A tape answers 0 at a filemark: that is where the archive ends.
      if (count === 0) return;
      offset += count;
      yield buffer.subarray(0, count);
    }
  } finally {
    if (fd !== 0) closeSync(fd);
  }
}

function readBytes(fd: number, tape: boolean, blockBytes: number): number {
  if (!tape) return blockBytes > 0 ? blockBytes : streamReadBytes;
  const fixed = tapeStatus(fd)?.fixedBlockBytes ?? 0;
  if (fixed === 0) return blockBytes > 0 ? blockBytes : tapeReadBytes;
  const wanted = blockBytes > 0 ? blockBytes : streamReadBytes;
  return Math.max(fixed, wanted - (wanted % fixed));
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
      ENOMEDIUM: "there is no tape in the drive",
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
      if (code === "ENOMEM") {
        throw new AceError(
          "medium",
          `Cannot read ${source}: a block on the tape is larger than ${buffer.length} bytes`,
          {
            hint: "Give the block size it was written with as --block-size.",
          },
        );
      }
      throw new AceError(
        "medium",
        `Cannot read ${source} at byte ${offset}: ${code === "EIO" ? "input/output error" : messageOf(cause)}`,
        { cause },
      );
    }
  }
}
