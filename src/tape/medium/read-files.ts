/** Reads files to their end, one after the other, as one stream: the volumes of a set, or a single file or pipe. Only the reader thread does. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { AceError, systemCodeOf, systemState } from "../../errors.ts";
import { waitUntilReady } from "../../system/system-calls.ts";

/** Bytes of a read call on a file or pipe when nothing is said: large enough to make the calls cheap. */
const streamReadBytes = 1024 * 1024;

/** The first chunk tells how an archive is packed, and a volume or a write to a pipe may have less than that. Bytes. */
const leastBytes = 512;

/**
 * Each chunk is the reader's buffer: use it before asking for the next. One file is open at a time.
 * @param sources paths, or `-` for standard input
 * @param blockBytes of a read call; 0 finds out
 * @throws AceError `medium` naming the file and the byte in it
 */
export function* readFiles(
  sources: readonly string[],
  blockBytes: number,
): Generator<Uint8Array, void, undefined> {
  const buffer = Buffer.alloc(blockBytes > 0 ? blockBytes : streamReadBytes);
  let filled = 0;
  for (const source of sources) {
    const fd = source === "-" ? 0 : open(source);
    try {
      for (let offset = 0; ; ) {
        const count = readOnce(fd, buffer.subarray(filled), source, offset);
        if (count === 0) break;
        offset += count;
        filled += count;
        if (filled < Math.min(leastBytes, buffer.length)) continue;
        yield buffer.subarray(0, filled);
        filled = 0;
      }
    } finally {
      if (fd !== 0) closeSync(fd);
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

function open(source: string): number {
  try {
    const fd = openSync(source, constants.O_RDONLY);
    if (!fstatSync(fd).isDirectory()) return fd;
    closeSync(fd);
  } catch (cause) {
    throw new AceError("medium", `Cannot read ${source}: ${systemState(cause)}`, { cause });
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
        waitUntilReady(fd, "read");
        continue;
      }
      if (code === "EOF") return 0;
      throw new AceError("medium", `Cannot read ${source} at byte ${offset}: ${systemState(cause)}`, {
        cause,
      });
    }
  }
}
