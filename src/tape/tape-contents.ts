/** What lies on a tape behind the head, looked at without losing the place. */
import { systemCodeOf } from "../errors.ts";
import { refusedSizes, type TapeDevice } from "./tape-device.ts";

/** What comes next on a tape. */
export type TapeContents =
  | { kind: "blank" }
  | { kind: "filemark" }
  /** `bytes` is undefined for a block that is larger than what was read. */
  | { kind: "block"; bytes: number | undefined; is: string }
  /** The drive fails to read it. */
  | { kind: "unreadable" };

/** Enough for what {@link nameOf} looks at, and for every block up to the size that drives and host adapters commonly take. */
const lookBytes = 1024 * 1024;
const fewestBytes = 64 * 1024;

/**
 * Reads what is behind the head, and goes back.
 * @throws what the drive throws when it cannot go back, with a system code
 */
export function lookAhead(device: TapeDevice): TapeContents {
  const before = device.position();
  // The drive's own word comes first: after a change of cartridges the driver only supposes that it is at the beginning.
  const wasAtBeginning = before === undefined ? device.status()?.beginning === true : before === 0;
  const contents = readOne(device, lookBytes, before);
  if (wasAtBeginning) device.operate("rewind", 1);
  else if (contents.kind === "blank") device.operate("eom", 1);
  else if (before !== undefined) device.operate("seek", before);
  else if (contents.kind !== "unreadable") device.operate("backBlocks", 1);
  return contents;
}

function readOne(device: TapeDevice, bytes: number, before: number | undefined): TapeContents {
  const fixed = device.status()?.fixedBlockBytes ?? 0;
  const buffer = new Uint8Array(fixed > 0 ? fixed : bytes);
  try {
    const count = device.read(buffer);
    if (count > 0) return { kind: "block", bytes: count, is: nameOf(buffer.subarray(0, count)) };
    // A filemark is passed over, the end of the data is not.
    return device.position() === before ? { kind: "blank" } : { kind: "filemark" };
  } catch (cause) {
    const code = systemCodeOf(cause) ?? "";
    // Too much for the host adapter: nothing was read, and the tape has not moved.
    if (fixed === 0 && refusedSizes.includes(code) && bytes > fewestBytes)
      return readOne(device, bytes / 2, before);
    // st: the block is larger than the buffer, and passed over.
    if (code === "ENOMEM") return { kind: "block", bytes: undefined, is: "data" };
    return device.status()?.endOfData === true || device.position() === before
      ? { kind: "blank" }
      : { kind: "unreadable" };
  }
}

const magics: readonly [offset: number, magic: string, name: string][] = [
  [0, "\x1f\x8b", "gzip data"],
  [0, "\x28\xb5\x2f\xfd", "zstd data"],
  [0, "\xfd7zXZ\0", "xz data"],
  [0, "070701", "a cpio archive"],
  [4, "BB02", "a Bacula or Bareos volume"],
  [0, "AMANDA: ", "an Amanda volume"],
];

/** What data are, by how they begin. */
export function nameOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 512)).toString("latin1");
  if (/^VOL1.{76}/.test(text)) {
    // ECMA-13: the volume's identifier has six characters. LTFS writes its name into the implementation's field.
    const label = text.slice(4, 10).trim();
    return `${text.slice(24, 28) === "LTFS" ? "an LTFS volume" : "a labelled volume"} ${JSON.stringify(label)}`;
  }
  if (text.slice(257, 262) === "ustar") {
    const first = text.slice(0, text.indexOf("\0")).slice(0, 100);
    // Our archives begin with the one, the original's with the other.
    const isLayout = first === "oci-layout" || first === "index.json" || first.startsWith("blobs/sha256");
    return isLayout
      ? "an archive of container images"
      : `a tar archive that begins with ${JSON.stringify(first)}`;
  }
  return magics.find(([at, magic]) => text.startsWith(magic, at))?.[2] ?? "data";
}

/** In words. */
export function formatContents(contents: TapeContents): string {
  switch (contents.kind) {
    case "blank":
      return "nothing";
    case "filemark":
      return "a filemark";
    case "block":
      return contents.bytes === undefined
        ? "data in very large blocks"
        : `${contents.is}, in blocks of ${contents.bytes} bytes`;
    case "unreadable":
      return "something that the drive cannot read";
  }
}
