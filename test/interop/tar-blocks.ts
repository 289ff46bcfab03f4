/** Takes a tar apart into headers and bodies, with none of our reader's code, so that archives can be compared to the byte. */

/** One entry as it stands in the archive. */
export interface TarPart {
  name: string;
  /** 512 bytes. */
  header: Uint8Array;
  body: Uint8Array;
  /** Where the next entry begins, in bytes from the archive's start. */
  end: number;
}

/** The entries of a ustar archive without extensions. @throws Error when anything but zeros follows them */
export function tarParts(archive: Uint8Array): TarPart[] {
  const bytes = Buffer.from(archive);
  const parts: TarPart[] = [];
  let at = 0;
  for (; at < bytes.length && bytes[at] !== 0; ) {
    const header = bytes.subarray(at, at + 512);
    const size = Number.parseInt(header.toString("latin1", 124, 135), 8);
    const body = bytes.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
    parts.push({ name: header.toString("latin1", 0, 100).replace(/\0.*/, ""), header, body, end: at });
  }
  if (bytes.length - at < 1024 || bytes.subarray(at).some((byte) => byte !== 0)) {
    throw new Error(`the archive has no end marker at byte ${at}, or something behind it`);
  }
  return parts;
}

/** A header's bytes without size and checksum (pax(1) "ustar Interchange Format"). */
export function headerWithoutSize(header: Uint8Array): string {
  const copy = Buffer.from(header);
  copy.fill(0, 124, 136).fill(0, 148, 156);
  return copy.toString("latin1");
}
