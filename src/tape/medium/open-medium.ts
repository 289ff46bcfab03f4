/** Opens what an archive is written to. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync } from "node:fs";
import { AceError } from "../../errors.ts";
import { flock } from "../../system/system-calls.ts";
import { openTape } from "../drive/open-tape.ts";
import type { TapeDevice, TapeStatus } from "../drive/tape-device.ts";
import {
  checkDestination,
  type Medium,
  type MediumKind,
  type MediumOptions,
  openError,
  statDestination,
} from "./medium.ts";
import { OpenMedium } from "./medium-writing.ts";
import { prepareTape, type TapeNotice, type TapeWritingOptions } from "./prepare-tape.ts";
import type { TapeMedium } from "./tape-medium.ts";

/** What goes on while a medium is opened. */
export interface OpenEvents {
  /** True when the opening is to end. */
  isStopped(): boolean;
  notice(notice: TapeNotice): void;
}

/** For whoever waits for nothing and tells nobody. */
export const noEvents: OpenEvents = { isStopped: () => false, notice: () => undefined };

/**
 * Opens the destination for writing.
 * @throws AceError `medium`
 */
export function openMedium(options: MediumOptions, events = noEvents): Medium {
  if (options.resumed !== undefined) {
    const { fd, at } = options.resumed;
    return new OpenMedium(cutFile(fd, at, options.destination), "file", options, at);
  }
  const kind = checkDestination(options);
  if (kind === "tape") {
    const {
      destination: name,
      blockBytes,
      force,
      smallerBlocks = false,
      position = { kind: "here" },
    } = options;
    return openFreshTape({ name, blockBytes, force, smallerBlocks, position }, events);
  }
  const fd = options.destination === "-" ? 1 : open(options, kind);
  return new OpenMedium(fd, kind, options);
}

/** A device is opened as it is: O_CREAT would make a regular file of a missing node. */
function open({ destination }: MediumOptions, kind: MediumKind): number {
  if (kind === "file") return cutFile(openLocked(destination, constants.O_WRONLY), 0, destination);
  try {
    return openSync(destination, constants.O_WRONLY);
  } catch (cause) {
    throw openError(destination, cause);
  }
}

/**
 * Opens a regular file, or makes it, for this run alone.
 * @param access O_WRONLY or O_RDWR, and further flags
 * @throws AceError `medium`, also when another run has it
 */
export function openLocked(destination: string, access: number): number {
  const exists = statDestination(destination) !== undefined;
  const fd = attempt(destination, () =>
    openSync(destination, access | (exists ? 0 : constants.O_CREAT | constants.O_EXCL), 0o666),
  );
  if (flock(fd) !== "held") return fd;
  closeSync(fd);
  throw new AceError("medium", `Cannot write ${destination}: another run is writing to it`, {
    hint: "Wait for it to end, or stop it.",
  });
}

/** Takes away what lies behind `at`; a file that ends there is left as it is, its time too. */
export function cutFile(fd: number, at: number, destination: string): number {
  return attempt(destination, () => {
    if (fstatSync(fd).size !== at) ftruncateSync(fd, at);
    return fd;
  });
}

function attempt(destination: string, act: () => number): number {
  try {
    return act();
  } catch (cause) {
    throw openError(destination, cause);
  }
}

/** Opens a tape to write to where it is told to go. Every check of it comes before the first byte. */
export function openFreshTape(options: TapeWritingOptions, events: OpenEvents): TapeMedium {
  return onDrive(options.name, events, (device, status) => {
    const { medium, notices } = prepareTape(device, status, options);
    for (const notice of notices) events.notice(notice);
    return medium;
  });
}

/** Opens a drive to write to; it is closed again when what is done first with it fails. */
export function onDrive<Result>(
  path: string,
  { isStopped }: OpenEvents,
  act: (device: TapeDevice, status: TapeStatus) => Result,
): Result {
  const { device, status } = openTape({ path, verb: "write", access: "write", isStopped });
  try {
    return act(device, status);
  } catch (error) {
    device.close();
    throw error;
  }
}
