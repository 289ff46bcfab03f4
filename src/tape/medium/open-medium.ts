/** Opens what an archive is written to. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync } from "node:fs";
import { AceError } from "../../errors.ts";
import { flock } from "../../system/system-calls.ts";
import { openTape } from "../drive/open-tape.ts";
import {
  checkDestination,
  type Medium,
  type MediumKind,
  type MediumOptions,
  openError,
  statDestination,
} from "./medium.ts";
import { OpenMedium } from "./medium-writing.ts";
import { prepareTape, type TapeNotice } from "./prepare-tape.ts";

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
  if (kind === "tape") return openTapeMedium(options, events);
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

/** Every check of the tape comes before the first byte. */
function openTapeMedium(options: MediumOptions, events: OpenEvents): Medium {
  const { destination: name, blockBytes, force, smallerBlocks = false } = options;
  const { device, status } = openTape({
    path: name,
    verb: "write",
    access: "write",
    isStopped: events.isStopped,
  });
  const position = options.position ?? { kind: "here" };
  try {
    const prepared = prepareTape(device, status, { name, blockBytes, smallerBlocks, position, force });
    for (const notice of prepared.notices) events.notice(notice);
    return prepared.medium;
  } catch (error) {
    device.close();
    throw error;
  }
}
