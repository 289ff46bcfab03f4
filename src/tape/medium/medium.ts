/** What an archive is written to: a file, standard output, a pipe, a device, a tape; and what can be refused before it is opened. */
import { type BigIntStats, existsSync, fstatSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  AceError,
  newFileStates,
  type OptionName,
  refusedOption,
  systemCodeOf,
  systemState,
} from "../../errors.ts";
import type { TapeStart } from "../catalogue/volume.ts";
import { volumePath } from "../catalogue/volume-names.ts";
import { isTapeStat, isTerminalStat } from "../drive/tape-device.ts";
import type { TapePosition } from "../drive/tape-position.ts";
import { checkStandardOutput } from "./standard-output.ts";

export type MediumKind = "file" | "stream" | "device" | "tape";

/** What is to be written to. */
export interface DestinationOptions {
  /** A path, or `-` for standard output. */
  destination: string;
  /** Replace an existing regular file; write over what is on a tape. */
  force: boolean;
  /** Where on a tape to begin; where it stands, when left out. */
  position?: TapePosition | undefined;
  /** Go on in an existing regular file, in volumes, or on a tape; nothing else can be resumed. */
  resume?: boolean | undefined;
  /** Bytes of a volume at most: the destination is a tape, or the name in front of the numbers of files. */
  volumeBytes?: number | undefined;
  /** Read back what was written. */
  verify?: boolean | undefined;
  /** Those of the run's options that only a set of volumes has a use for. */
  setOptions?: readonly OptionName[] | undefined;
}

/** How to open a medium. */
export interface MediumOptions extends DestinationOptions {
  /** Bytes of one write call. */
  blockBytes: number;
  /** Smaller blocks will do when a tape drive or its host adapter takes no larger ones. */
  smallerBlocks?: boolean | undefined;
  /** A file that is there and goes on: the medium's from now on. What lies behind `at` is cut off. */
  resumed?: { fd: number; at: number } | undefined;
}

/** An open medium. Every method throws AceError `medium`. */
export interface Medium {
  readonly kind: MediumKind;
  /** Bytes of one write call, when they are not those that were asked for. They divide them. */
  readonly blockBytes?: number;
  /**
   * Writes a whole block, in one call where the kernel allows it; `offset` (bytes already written) is for messages.
   * @returns bytes that were taken: all of the block's, or 0 when the medium is full and nothing of it is there
   */
  write(block: Uint8Array, offset: number): number;
  /** Returns when all that was written is on the medium, as far as the medium can tell. */
  flush(): void;
  /** Ends a whole archive: filemark on a tape, and close. */
  finish(): void;
  /** Closes without claiming anything; removes a new file to which nothing was written. */
  abandon(written: number): void;
}

/** A medium that holds one volume of a set, and the volume's catalogue behind it. */
export interface VolumeMedium extends Medium {
  readonly blockBytes: number;
  readonly start: TapeStart;
  /** The tape's end is near (early warning): no write of data is taken any more. Known from the flush on that follows the last one. */
  readonly isAtEnd: boolean;
  /** Ends the data, all of which is on the medium when this returns; the catalogue follows. */
  endData(): void;
  /**
   * Takes the next piece of the catalogue: whole lines or not, at most `catalogueBlockBytes`.
   * @returns false when there is no room for it
   */
  addToCatalogue(piece: Uint8Array): boolean;
  /** Takes back what {@link addToCatalogue} took so far, for a shorter one. */
  restartCatalogue(): void;
}

/** What stands at a destination now, or undefined. */
export function statDestination(destination: string): BigIntStats | undefined {
  try {
    return destination === "-" ? fstatSync(1, { bigint: true }) : statSync(destination, { bigint: true });
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return undefined;
    throw openError(destination, cause);
  }
}

/**
 * Refuses what would be refused after hours of work otherwise. Touches nothing.
 * @returns what kind of medium the destination is
 * @throws AceError `medium`
 */
export function checkDestination(options: DestinationOptions): MediumKind {
  const kind = checkMedium(options);
  const { destination, verify, volumeBytes } = options;
  if (verify === true && kind !== "tape" && (kind !== "file" || destination === "-")) {
    throw refusedOption("verify", `what goes to ${nameOf(destination)} cannot be read back`);
  }
  const [option] = options.setOptions ?? [];
  if (option !== undefined && kind !== "tape" && volumeBytes === undefined) {
    throw refusedOption(option, `${nameOf(destination)} is one stream, without volumes`, {
      hint: { kind: "volumes-wanted" },
    });
  }
  return kind;
}

function checkMedium(options: DestinationOptions): MediumKind {
  if (options.destination === "-") checkStandardOutput();
  const stat = statDestination(options.destination);
  if (options.volumeBytes !== undefined && (stat === undefined || !isTapeStat(stat)))
    return checkVolumeFiles(options, stat);
  if (stat === undefined) {
    refusePosition(options);
    if (dirname(resolve(options.destination)) === "/dev") {
      throw new AceError("medium", `Cannot write ${options.destination}: there is no such device`, {
        hint: "ls /dev/nst* lists the tape drives; modprobe st loads their driver.",
      });
    }
    return "file";
  }
  if (stat.isDirectory())
    throw new AceError("medium", `Cannot write ${options.destination}: it is a directory`);
  if (isTerminalStat(stat))
    throw new AceError("medium", `Cannot write ${options.destination}: it is a terminal`);
  const kind = kindOf(stat);
  if (kind !== "tape") refusePosition(options);
  if (options.resume === true) return checkResumable(options.destination, stat);
  if (stat.isFile() && options.destination !== "-" && !options.force) {
    throw new AceError("medium", `Cannot write ${options.destination}: the file exists already`, {
      hint: { kind: "keep-or-replace", written: "file" },
    });
  }
  return kind;
}

/** Volumes are files beside the destination, which itself is not written. */
function checkVolumeFiles(options: DestinationOptions, stat: BigIntStats | undefined): MediumKind {
  const { destination, force, resume } = options;
  refusePosition(options);
  if (destination === "-" || (stat !== undefined && !stat.isFile())) {
    throw refusedOption("volume-size", `${nameOf(destination)} is neither a tape nor the name of a file`);
  }
  const first = volumePath(destination, 1);
  if (!existsSync(first) || force || resume === true) return "file";
  throw new AceError("medium", `Cannot write ${first}: the file exists already`, {
    hint: { kind: "keep-or-replace", written: "volumes" },
  });
}

function nameOf(destination: string): string {
  return destination === "-" ? "standard output" : destination;
}

function refusePosition({ destination, position }: DestinationOptions): void {
  if (position === undefined || position.kind === "here") return;
  throw refusedOption("position", `${destination} is not a tape`);
}

/** Only what is in a regular file or on a tape can be looked at, and gone on with. */
function checkResumable(destination: string, stat: BigIntStats): MediumKind {
  const kind = kindOf(stat);
  if (kind === "tape" || (kind === "file" && destination !== "-")) return kind;
  throw new AceError(
    "medium",
    `Cannot resume ${nameOf(destination)}: only a regular file or a tape can be looked at and gone on with`,
    { hint: { kind: "second-part" } },
  );
}

function kindOf(stat: BigIntStats): MediumKind {
  if (stat.isFile()) return "file";
  if (isTapeStat(stat)) return "tape";
  return stat.isFIFO() || stat.isSocket() ? "stream" : "device";
}

/** What open(2) said, in words. */
export function openError(destination: string, cause: unknown): AceError {
  const state = systemState(cause, openStates);
  return new AceError("medium", `Cannot write ${destination}: ${state}`, { cause });
}

const openStates = { ...newFileStates, EROFS: "it is write-protected or on a read-only filesystem" };
