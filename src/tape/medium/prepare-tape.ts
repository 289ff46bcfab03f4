/** Everything that is found out about a tape, and refused, before the first byte is written to it. */
import { AceError, type Advice, systemState } from "../../errors.ts";
import { formatLabel, type VolumeLabel } from "../catalogue/catalogue.ts";
import { densityOf } from "../drive/densities.ts";
import { asksForCleaning } from "../drive/kernel-tape.ts";
import { labelBehind } from "../drive/read-label.ts";
import { formatContents, lookAhead } from "../drive/tape-contents.ts";
import { type DriveFacts, driveStates, type TapeDevice, type TapeStatus } from "../drive/tape-device.ts";
import { formatTapePosition, goToBlock, moveTo, type TapePosition } from "../drive/tape-position.ts";
import { TapeMedium } from "./tape-medium.ts";

/** How to write to a tape. */
export interface TapeWritingOptions {
  name: string;
  blockBytes: number;
  /** Take smaller blocks when the drive or its host adapter wants them. */
  smallerBlocks: boolean;
  position: TapePosition;
  /** Write over what is there. */
  force: boolean;
  /** The volumes of this set in front of this number have just been written: they are not written over, whatever `force` says. */
  set?: { id: string; volume: number } | undefined;
}

/** What an operator is told. */
export interface TapeNotice {
  level: "info" | "warn";
  text: string;
}

/** Smaller blocks than this keep no LTO drive running. */
const smallestBlock = 64 * 1024;

/**
 * Checks the tape, brings it to where the archive begins, and looks at what is there.
 * @throws AceError `medium` that says what is wrong and what mends it
 */
export function prepareTape(
  device: TapeDevice,
  status: TapeStatus,
  options: TapeWritingOptions,
): { medium: TapeMedium; notices: TapeNotice[] } {
  const { name, position } = options;
  if (status.writeProtected) {
    throw refuse(
      name,
      "the tape is write-protected",
      `Eject it (mt -f ${name} offline) and slide its switch.`,
    );
  }
  const facts = device.facts();
  const blockBytes = chooseBlock(device, status, facts, options);
  attempt(name, `go to ${formatTapePosition(position)} on`, () => moveTo(device, position));
  const contents = attempt(name, "look at", () => lookAhead(device));
  const startBlock = device.position();
  if (contents.kind !== "blank" && (!options.force || (options.set?.volume ?? 1) > 1)) {
    const label = attempt(name, "look at", () => findLabel(device, name));
    refuseContents(label, formatContents(contents), device, options);
  }
  const { file = -1 } = device.status() ?? {};
  const medium = new TapeMedium(device, {
    name,
    blockBytes,
    fixedBlockBytes: status.fixedBlockBytes,
    startBlock,
    file: file < 0 ? undefined : file,
    nativeBytes: nativeBytesOf(device, status),
  });
  return {
    medium,
    notices: noticesOf(status, facts, options, {
      blockBytes,
      startBlock,
      contents: formatContents(contents),
    }),
  };
}

/** What the cartridge holds without compression: by its own word where it is to be had, or by its density. */
export function nativeBytesOf(device: TapeDevice, { densityCode }: TapeStatus): number | undefined {
  return device.capacity()?.maximumBytes ?? densityOf(densityCode)?.nativeBytes;
}

/** What volume the data ahead are, if they are one; the tape stands where it stood. */
function findLabel(device: TapeDevice, name: string): VolumeLabel | undefined {
  const before = device.position();
  if (before === undefined) return undefined;
  const label = labelBehind(device, name);
  goToBlock(device, before);
  return label;
}

/** @throws AceError `medium` unless what is there may be written over */
function refuseContents(
  label: VolumeLabel | undefined,
  contents: string,
  device: TapeDevice,
  { name, force, set }: TapeWritingOptions,
): void {
  const isOurs = set !== undefined && label?.set === set.id && label.volume < set.volume;
  if (label !== undefined && isOurs) {
    throw refuse(
      name,
      `the tape is ${formatLabel(label)}, which has just been written`,
      `Put in another tape for volume ${set.volume}.`,
    );
  }
  if (force) return;
  const what = label === undefined ? contents : `${formatLabel(label)}: ${contents},`;
  throw refuse(name, `there is ${what} where the archive would begin (${placeOf(device)})`, {
    kind: "behind-or-over",
  });
}

function chooseBlock(
  device: TapeDevice,
  status: TapeStatus,
  facts: DriveFacts,
  { name, blockBytes, smallerBlocks }: TapeWritingOptions,
): number {
  const { fixedBlockBytes } = status;
  if (fixedBlockBytes !== 0 && blockBytes % fixedBlockBytes !== 0) {
    throw refuse(
      name,
      `the drive is set to blocks of ${fixedBlockBytes} bytes, which do not divide those of ${blockBytes} bytes`,
      `Set variable blocks: mt -f ${name} setblk 0`,
    );
  }
  const takes = (bytes: number) =>
    device.carries(bytes) && (fixedBlockBytes !== 0 || bytes <= (facts.maxBlockBytes ?? bytes));
  if (takes(blockBytes)) return blockBytes;
  let smaller = 2 ** Math.floor(Math.log2(blockBytes - 1));
  while (smaller >= smallestBlock && !takes(smaller)) smaller /= 2;
  const works = smaller >= smallestBlock && (fixedBlockBytes === 0 || smaller % fixedBlockBytes === 0);
  // A window is a multiple of the block it was made for; so are the halves of a power of two.
  if (works && smallerBlocks && blockBytes % smaller === 0) return smaller;
  const limit =
    fixedBlockBytes === 0 && facts.maxBlockBytes !== undefined && blockBytes > facts.maxBlockBytes
      ? `the drive takes blocks of at most ${facts.maxBlockBytes} bytes`
      : "the host adapter does not take writes of that size";
  throw refuse(
    name,
    `blocks of ${blockBytes} bytes are too large: ${limit}`,
    works ? { kind: "smaller-blocks", bytes: smaller } : `No size down to ${smallestBlock} works.`,
  );
}

function noticesOf(
  status: TapeStatus,
  facts: DriveFacts,
  { name }: TapeWritingOptions,
  found: { blockBytes: number; startBlock: number | undefined; contents: string },
): TapeNotice[] {
  const mode = status.fixedBlockBytes === 0 ? "variable blocks" : `fixed blocks of ${status.fixedBlockBytes}`;
  const compression = facts.compression === undefined ? "unknown" : facts.compression ? "on" : "off";
  const notices: TapeNotice[] = [
    {
      level: "info",
      text: `${name}: writes of ${found.blockBytes} bytes, ${mode}, density 0x${status.densityCode.toString(16)}, compression ${compression}, starts at block ${found.startBlock ?? "unknown"}; there was ${found.contents}`,
    },
  ];
  if (asksForCleaning(status, facts))
    notices.push({ level: "warn", text: `${name} asks for cleaning: put in a cleaning cartridge soon` });
  return notices;
}

function placeOf(device: TapeDevice): string {
  const status = device.status();
  if (status?.beginning === true) return "the beginning of the tape";
  const block = device.position();
  return block === undefined ? "the middle of the tape" : `block ${block}`;
}

function attempt<Result>(name: string, verb: string, act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    throw new AceError("medium", `Cannot ${verb} ${name}: ${systemState(cause, driveStates)}`, {
      cause,
      hint: `mt -f ${name} status shows where it stands; the tape may have fewer files or blocks than that.`,
    });
  }
}

function refuse(name: string, state: string, hint: string | Advice): AceError {
  return new AceError("medium", `Cannot write ${name}: ${state}`, { hint });
}
