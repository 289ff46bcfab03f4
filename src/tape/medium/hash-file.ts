/** Hashes what is in an open file already. */
import { AceError } from "../../errors.ts";
import type { SegmentHasher } from "../catalogue/segment-hasher.ts";
import { readFully } from "./read-fully.ts";

/** Read at a time. Bytes. */
const stepBytes = 1024 * 1024;

/** Gives the hasher the file's first bytes. @throws AceError `medium` when there are fewer, or they cannot be read */
export function hashFile(
  { fd, bytes }: { fd: number; bytes: number },
  path: string,
  hasher: SegmentHasher,
): void {
  for (let at = 0; at < bytes; ) {
    const piece = readFully(fd, at, Math.min(stepBytes, bytes - at), path);
    if (piece.length === 0) throw new AceError("medium", `Cannot go on in ${path}: it was cut meanwhile`);
    hasher.update(piece);
    at += piece.length;
  }
}
