/** What kinds of blocks a frame has, read by the formats' own rules: no decoder tells. */

/** RFC 8878 section 3.1.1. @returns the kind of each block of the first frame */
export function blocksOfZstdFrame(frame: Uint8Array): string[] {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (view.getUint32(0, true) !== 0xfd2fb528) throw new Error("no zstd frame");
  const descriptor = frame[4]!;
  const contentSize = [(descriptor & 0x20) === 0 ? 0 : 1, 2, 4, 8][descriptor >>> 6]!;
  let at = 5 + ((descriptor & 0x20) === 0 ? 1 : 0) + [0, 1, 2, 4][descriptor & 3]! + contentSize;
  const kinds: string[] = [];
  for (let isLast = false; !isLast; ) {
    const header = frame[at]! | (frame[at + 1]! << 8) | (frame[at + 2]! << 16);
    const kind = ["raw", "run", "compressed"][(header >>> 1) & 3]!;
    kinds.push(kind);
    at += 3 + (kind === "run" ? 1 : header >>> 3);
    isLast = (header & 1) !== 0;
  }
  return kinds;
}

/**
 * RFC 1951 section 3.2.3. @returns the kind of each block of the first member up to and with the first that is not stored: where that
 * one ends only a decoder could tell
 */
export function blocksOfMember(member: Uint8Array): string[] {
  if (member[0] !== 0x1f || member[1] !== 0x8b || member[3] !== 0) throw new Error("no plain gzip member");
  const view = new DataView(member.buffer, member.byteOffset, member.length);
  const kinds: string[] = [];
  for (let at = 10; ; ) {
    const header = member[at]!;
    const kind = ["stored", "fixed", "dynamic"][(header >>> 1) & 3]!;
    kinds.push(kind);
    if (kind !== "stored" || (header & 1) !== 0) return kinds;
    at += 5 + view.getUint16(at + 1, true);
  }
}
