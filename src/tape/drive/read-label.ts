/** Finds out which volume a tape holds, by the catalogue behind its data. */
import { systemCodeOf } from "../../errors.ts";
import { catalogueBlockBytes, readLabel, type VolumeLabel } from "../catalogue/catalogue.ts";
import type { TapeDevice } from "./tape-device.ts";

/** st: there is no filemark, nothing, or nothing of that size ahead. */
const nothingThere: readonly string[] = ["EIO", "ENOMEM", "ENOSPC"];

/**
 * Reads the block that the head stands in front of.
 * @param name of the drive, for messages
 * @returns undefined when it begins no catalogue
 * @throws AceError `archive` for a catalogue that cannot be read
 */
export function labelHere(device: TapeDevice, name: string): VolumeLabel | undefined {
  return readLabel(readBlock(device).bytes, name);
}

/**
 * The same, and goes back when it is no catalogue.
 * @throws AceError `archive` for a catalogue that cannot be read
 */
export function peekLabel(device: TapeDevice, name: string): VolumeLabel | undefined {
  const before = device.position();
  const { bytes, passed } = readBlock(device);
  const label = readLabel(bytes, name);
  if (label !== undefined) return label;
  if (before !== undefined) device.operate("seek", before);
  else if (passed) device.operate("backBlocks", 1);
  return undefined;
}

/** The block ahead, if it is no larger than those of a catalogue. `passed`: there is one, and the tape stands behind it. */
function readBlock(device: TapeDevice): { bytes: Uint8Array; passed: boolean } {
  const unit = device.status()?.fixedBlockBytes || catalogueBlockBytes;
  const buffer = new Uint8Array(Math.ceil(catalogueBlockBytes / unit) * unit);
  try {
    const bytes = buffer.subarray(0, device.read(buffer));
    return { bytes, passed: bytes.length > 0 };
  } catch (cause) {
    const code = systemCodeOf(cause) ?? "";
    if (!nothingThere.includes(code)) throw cause;
    // st: a larger block is passed over unread.
    return { bytes: buffer.subarray(0, 0), passed: code === "ENOMEM" };
  }
}

/**
 * Passes over the data that the head stands in front of, and reads what follows the filemark. On a full tape that takes a minute.
 * Where the tape stands then is not known.
 * @returns undefined when it is no catalogue: the data were not written by this program, or not to their end
 * @throws AceError `archive` for a catalogue that cannot be read
 */
export function labelBehind(device: TapeDevice, name: string): VolumeLabel | undefined {
  try {
    device.operate("forwardFiles", 1);
  } catch (cause) {
    if (!nothingThere.includes(systemCodeOf(cause) ?? "")) throw cause;
    return undefined;
  }
  return labelHere(device, name);
}
