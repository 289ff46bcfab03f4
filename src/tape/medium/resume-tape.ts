/** Goes on behind what an earlier run wrote on a tape: looks whether that is really there, and stops where it ends. */
import { AceError, systemState } from "../../errors.ts";
import { SegmentHasher } from "../catalogue/segment-hasher.ts";
import type { VolumeStart } from "../catalogue/volume.ts";
import type { TapeDevice, TapeStatus } from "../drive/tape-device.ts";
import { nativeBytesOf } from "./prepare-tape.ts";
import { TapeMedium } from "./tape-medium.ts";

/**
 * Reads the last, unfinished segment back, compares it, and leaves the tape behind it.
 * @returns the medium, and the hasher of the volume so far
 * @throws AceError `medium` when the tape is another, or does not have what it should have
 */
export function resumeTape(
  device: TapeDevice,
  status: TapeStatus,
  { name, blockBytes }: { name: string; blockBytes: number },
  written: NonNullable<VolumeStart["written"]>,
): { medium: TapeMedium; hasher: SegmentHasher } {
  const { fixedBlockBytes } = status;
  const perWrite = fixedBlockBytes === 0 ? 1 : blockBytes / fixedBlockBytes;
  const blocksAt = (offset: number) => Math.floor((offset - written.offset) / blockBytes) * perWrite;
  if (status.writeProtected) throw refuse(name, "the tape is write-protected", `Slide its switch.`);
  // After a reset or a change of tapes the driver wants a tape at its beginning first.
  attempt(name, () => device.operate("rewind", 1));
  const hasher = new SegmentHasher(written.segments, written.segmentBytes);
  const from = written.offset + written.segments.length * written.segmentBytes;
  // Segments may begin inside of a block.
  const firstBlock = blocksAt(from);
  attempt(name, () => device.operate("seek", written.block + firstBlock));
  const start = written.offset + (firstBlock / perWrite) * blockBytes;
  for (let at = start; at < written.at; at += blockBytes)
    hasher.update(
      readBlock(device, name, blockBytes, written.block + blocksAt(at)).subarray(Math.max(0, from - at)),
    );
  if (written.open !== undefined && written.open !== hasher.open) {
    throw refuse(
      name,
      `what is in front of block ${written.block + blocksAt(written.at)} is not what the checkpoint says`,
      "It is another tape, or it was written to since.",
    );
  }
  const earlierBlocks = blocksAt(written.at);
  const found = device.position();
  if (found !== written.block + earlierBlocks) {
    const where = found === undefined ? "does not say where it is" : `is at block ${found}`;
    throw refuse(
      name,
      `the tape ${where}, and should be at block ${written.block + earlierBlocks}`,
      undefined,
    );
  }
  const medium = new TapeMedium(device, {
    name,
    blockBytes,
    fixedBlockBytes,
    startBlock: written.block,
    file: written.file,
    nativeBytes: nativeBytesOf(device, status),
    earlierBlocks,
    offset: written.at,
    isAtEnd: written.isAtEnd,
  });
  return { medium, hasher };
}

function readBlock(device: TapeDevice, name: string, blockBytes: number, block: number): Uint8Array {
  const buffer = new Uint8Array(blockBytes);
  const count = attempt(name, () => device.read(buffer));
  if (count === blockBytes) return buffer;
  const found = count === 0 ? "the data end" : `there is a block of ${count} bytes`;
  throw refuse(
    name,
    `${found} at block ${block}, where blocks of ${blockBytes} bytes should go on`,
    "It is another tape, it was written to since, or this run has another block size than the first one.",
  );
}

/** st: nothing, or a block that is larger than what was asked for. */
const missing = "what should be there cannot be read";
const missingStates = { EIO: missing, ENOMEM: missing };

function attempt<Result>(name: string, act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    throw new AceError("medium", `Cannot go on on ${name}: ${systemState(cause, missingStates)}`, {
      cause,
      hint: "Is it the tape that the interrupted run wrote?",
    });
  }
}

function refuse(name: string, state: string, hint: string | undefined): AceError {
  return new AceError("medium", `Cannot go on on ${name}: ${state}`, hint === undefined ? {} : { hint });
}
