/** What lies on a tape behind the head, looked at without losing the place. */
import { AceError, systemCodeOf } from "../../errors.ts";
import { formatLabel, isCatalogue, readLabel, type VolumeLabel } from "../catalogue/catalogue.ts";
import { refusedSizes, type TapeDevice } from "./tape-device.ts";

/** What comes next on a tape. */
export type TapeContents =
  | { kind: "blank" }
  | { kind: "filemark" }
  /** `bytes` is undefined for a block that is larger than what was read; `label` is that of a catalogue. */
  | { kind: "block"; bytes: number | undefined; is: string; label?: VolumeLabel | undefined }
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
  const contents = readTapeContents(device, before, { bytes: lookBytes, fixedBytes: 0 });
  if (wasAtBeginning) device.operate("rewind", 1);
  else if (contents.kind === "blank") device.operate("eom", 1);
  else if (before !== undefined) device.operate("seek", before);
  else if (contents.kind !== "unreadable") device.operate("backBlocks", 1);
  return contents;
}

/** How much is read at once. */
export interface LookSize {
  /** For variable blocks; made smaller when a host adapter refuses it. */
  bytes: number;
  /** For fixed blocks, at most; one block is always read. */
  fixedBytes: number;
}

/**
 * Reads the block or the filemark behind the head, and leaves the tape behind it; in front of what is blank or unreadable it may stand
 * anywhere when the drive does not say where it is.
 * @param before where the drive says that it is
 * @throws what the drive throws when it cannot find out where the data end, with a system code
 */
export function readTapeContents(
  device: TapeDevice,
  before: number | undefined,
  size: LookSize,
): TapeContents {
  const fixed = device.status()?.fixedBlockBytes ?? 0;
  const blocks = fixed === 0 ? 0 : Math.max(1, Math.floor(size.fixedBytes / fixed));
  const buffer = new Uint8Array(fixed === 0 ? size.bytes : fixed * blocks);
  try {
    const count = device.read(buffer);
    if (count > 0) return blockOf(buffer.subarray(0, count), fixed);
    // A filemark is passed over, the end of the data is not.
    const isEnd = before === undefined ? device.status()?.endOfData === true : device.position() === before;
    return { kind: isEnd ? "blank" : "filemark" };
  } catch (cause) {
    const code = systemCodeOf(cause) ?? "";
    // Too much for the host adapter: nothing was read, and the tape has not moved.
    if (fixed === 0 && refusedSizes.includes(code) && size.bytes > fewestBytes) {
      size.bytes /= 2;
      return readTapeContents(device, before, size);
    }
    // st: the block is larger than the buffer, and passed over.
    if (code === "ENOMEM") return { kind: "block", bytes: undefined, is: "data" };
    return { kind: isBlankBehind(device, before) ? "blank" : "unreadable" };
  }
}

function blockOf(bytes: Uint8Array, fixedBlockBytes: number): TapeContents {
  return {
    kind: "block",
    bytes: fixedBlockBytes === 0 ? bytes.length : fixedBlockBytes,
    is: nameOf(bytes),
    label: labelOf(bytes),
  };
}

/**
 * After a read that failed: true when there is nothing. At the beginning of a blank tape st does not say that the data end (st.c,
 * read_tape), and a drive that fails to read may not have moved either; going to the end of the data tells the one from the other.
 */
function isBlankBehind(device: TapeDevice, before: number | undefined): boolean {
  const status = device.status();
  if (status?.endOfData === true) return true;
  if (before === undefined) return status?.beginning === true && endsAtBeginning(device);
  if (device.position() !== before) return false;
  device.operate("eom", 1);
  if (device.position() === before) return true;
  device.operate("seek", before);
  return false;
}

/** For a drive that does not say where it is. */
function endsAtBeginning(device: TapeDevice): boolean {
  device.operate("eom", 1);
  if (device.status()?.beginning === true) return true;
  device.operate("rewind", 1);
  return false;
}

const magics: readonly [offset: number, magic: string, name: string][] = [
  [0, "\x1f\x8b", "gzip data"],
  [0, "\x28\xb5\x2f\xfd", "zstd data"],
  [0, "\xfd7zXZ\0", "xz data"],
  [0, "070701", "a cpio archive"],
  [4, "BB02", "a Bacula or Bareos volume"],
  [0, "AMANDA: ", "an Amanda volume"],
];

/** The label of a catalogue; undefined when it is none, or one that this version cannot read. */
function labelOf(bytes: Uint8Array): VolumeLabel | undefined {
  try {
    return readLabel(bytes, "");
  } catch (error) {
    if (error instanceof AceError) return undefined;
    throw error;
  }
}

/** What data are, by how they begin. */
export function nameOf(bytes: Uint8Array): string {
  if (isCatalogue(bytes)) {
    const label = labelOf(bytes);
    return label === undefined
      ? "a catalogue that this version cannot read"
      : `the catalogue of ${formatLabel(label)}`;
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 512)).toString("latin1");
  if (/^VOL1.{76}/.test(text)) {
    // ECMA-13: the volume's identifier has six characters. LTFS writes its name into the implementation's field.
    const label = text.slice(4, 10).trim();
    return `${text.slice(24, 28) === "LTFS" ? "an LTFS volume" : "a labelled volume"} ${JSON.stringify(label)}`;
  }
  if (text.slice(257, 262) === "ustar") {
    const first = text.slice(0, text.indexOf("\0")).slice(0, 100);
    // Our archives begin with the one, and so do the original's; those of other programs may begin with another.
    if (/^(?:\.\/)?(?:oci-layout|index\.json|blobs\/?)$/.test(first)) return "an archive of container images";
    // Where a volume ends the next one goes on, also in front of an entry.
    if (/^blobs\/[a-z0-9]+\//.test(first)) return "a part of an archive of container images";
    return `a tar archive that begins with ${JSON.stringify(first)}`;
  }
  return magics.find(([at, magic]) => text.startsWith(magic, at))?.[2] ?? "data";
}

/** False for what an archive may begin with; true when it may be the middle of one, or nothing of the kind. */
export function mayGoOn(contents: TapeContents): boolean {
  if (contents.kind !== "block") return false;
  return contents.is === "data" || contents.is.startsWith("a part of ");
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
