/** Finds out which volume a tape holds, by the catalogue behind its data. */
import { systemCodeOf } from "../errors.ts";
import { catalogueBlockBytes, readLabel, type VolumeLabel } from "./catalogue.ts";
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
  // Larger blocks than a catalogue's are passed over unread.
  return readLabel(readHere(device, catalogueBlockBytes), name);
}

/** Bytes of the block that the head stands in front of; none at a filemark, where the data end, and of a block larger than `bytes`. */
export function readHere(device: TapeDevice, bytes: number): Uint8Array {
  const unit = device.status()?.fixedBlockBytes || bytes;
  const buffer = new Uint8Array(Math.ceil(bytes / unit) * unit);
  try {
    return buffer.subarray(0, device.read(buffer));
  } catch (cause) {
    if (!nothingThere.includes(systemCodeOf(cause) ?? "")) throw cause;
    return buffer.subarray(0, 0);
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
