/** Reads a range of an open file. */
import { readSync } from "node:fs";
import { AceError, systemState } from "../../errors.ts";

/**
 * Reads until `length` bytes are there or the file ends. The result is the caller's. Blocks the thread.
 * @param name for messages
 * @throws AceError `medium`
 */
export function readFully(fd: number, offset: number, length: number, name: string): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    let count: number;
    try {
      count = readSync(fd, bytes, done, length - done, offset + done);
    } catch (cause) {
      const state = systemState(cause);
      throw new AceError("medium", `Cannot read ${name} at byte ${offset + done}: ${state}`, { cause });
    }
    if (count === 0) return bytes.subarray(0, done);
    done += count;
  }
  return bytes;
}
