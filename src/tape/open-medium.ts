/** Opens what an archive is written to. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync } from "node:fs";
import { AceError } from "../errors.ts";
import {
  checkDestination,
  type Medium,
  type MediumKind,
  type MediumOptions,
  openError,
  statDestination,
} from "./medium.ts";
import { OpenMedium } from "./medium-writing.ts";
import { isLockedByAnother } from "./system-calls.ts";
import { tapeStatus } from "./tape-device.ts";

/**
 * Opens the destination for writing.
 * @throws AceError `medium`
 */
export function openMedium(options: MediumOptions): Medium {
  if (options.resumed !== undefined) {
    const { fd, at } = options.resumed;
    return new OpenMedium(cutFile(fd, at, options.destination), "file", options, at);
  }
  const kind = checkDestination(options);
  const fd = options.destination === "-" ? 1 : open(options, kind);
  if (kind === "tape") checkTape(fd, options);
  return new OpenMedium(fd, kind, options);
}

/** A tape or device is opened as it is: O_CREAT would make a regular file of a missing node. */
function open({ destination }: MediumOptions, kind: MediumKind): number {
  if (kind === "file") return cutFile(openLocked(destination, constants.O_WRONLY), 0, destination);
  try {
    return openSync(destination, constants.O_WRONLY | (kind === "tape" ? constants.O_NONBLOCK : 0));
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
  if (!isLockedByAnother(fd)) return fd;
  closeSync(fd);
  throw new AceError("medium", `Cannot write ${destination}: another run is writing to it`, {
    hint: "Wait for it to end, or stop it.",
  });
}

/** Takes away what lies behind `at`; a file that ends there is left as it is, its time too. */
function cutFile(fd: number, at: number, destination: string): number {
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

/** With O_NONBLOCK the open succeeds without a tape (st.rst); the status then says what is wrong, at once and in words. */
function checkTape(fd: number, options: MediumOptions): void {
  const status = tapeStatus(fd);
  const refuse = (state: string, hint: string): never => {
    closeSync(fd);
    throw new AceError("medium", `Cannot write ${options.destination}: ${state}`, { hint });
  };
  if (status === undefined) return;
  if (!status.online)
    refuse("there is no tape in the drive, or it is not ready", `See: mt -f ${options.destination} status`);
  if (status.writeProtected)
    refuse("the tape is write-protected", "Slide the cartridge's switch to unlocked.");
  if (status.fixedBlockBytes !== 0 && options.blockBytes % status.fixedBlockBytes !== 0) {
    refuse(
      `the drive is set to blocks of ${status.fixedBlockBytes} bytes, which do not divide --block-size ${options.blockBytes}`,
      `Set variable blocks: mt -f ${options.destination} setblk 0`,
    );
  }
}
