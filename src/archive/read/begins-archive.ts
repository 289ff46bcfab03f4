/** Tells a file that is an archive of its own from one that goes on with another. */
import { closeSync, openSync } from "node:fs";
import { systemCodeOf } from "../../errors.ts";
import { sniffCompression } from "../../format/decompress.ts";
import { readFully } from "../../tape/medium/read-fully.ts";

/** Bytes that tell how a file begins. */
const headBytes = 512;

/** True when a file begins as archives do, and the later volumes of one do not: with a compressed frame, or with `oci-layout`. */
export function beginsArchive(path: string): boolean {
  const fd = openQuietly(path);
  if (fd === undefined) return false;
  try {
    const head = readFully(fd, 0, headBytes, path);
    const text = Buffer.from(head).toString("latin1");
    return sniffCompression(head) !== "none" || /^(?:\.\/)?oci-layout\0/.test(text);
  } finally {
    closeSync(fd);
  }
}

function openQuietly(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (systemCodeOf(error) !== undefined) return undefined;
    throw error;
  }
}
