/** Opens a tape drive without ever waiting in silence: asks it how it is, waits for one that is about to be ready, says what is wrong in words. */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { AceError, systemCodeOf, systemState } from "../../errors.ts";
import { KernelTape } from "./kernel-tape.ts";
import { isTape, type TapeDevice, type TapeStatus } from "./tape-device.ts";

/** How to open a drive. */
export interface OpenTapeOptions {
  path: string;
  /** What the message says could not be done: `write`, `read`. */
  verb: string;
  access: "read" | "write";
  /** True when the wait is to end. */
  isStopped: () => boolean;
}

/** A cartridge takes about a minute to load and thread; the driver's own limit for a blocking open is two (st.rst). */
const readyTimeoutMs = 120_000;
const pollMs = 500;

/**
 * Opens the drive when there is a tape in it, or when one is about to be ready.
 * @throws AceError `medium` that says what is wrong and which command mends it; `stopped` while it waits
 */
export function openTape(options: OpenTapeOptions): { device: TapeDevice; status: TapeStatus } {
  const end = performance.now() + readyTimeoutMs;
  for (;;) {
    // With O_NONBLOCK the open succeeds without a tape (st.rst), and the status says at once how things are.
    const device = new KernelTape(openNode(options));
    const status = device.status();
    if (status?.online === true) return { device, status };
    device.close();
    if (status === undefined || status.empty) throw emptyDrive(options);
    if (options.isStopped()) throw new AceError("stopped", "Cannot go on: the run was stopped");
    if (performance.now() > end) throw notReady(options);
    // A tape that comes in is seen only by a new open.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pollMs);
  }
}

/** Opens the node for its status only, whatever the drive is like. The caller closes it. @throws AceError `medium` */
export function openForStatus(path: string): TapeDevice {
  return new KernelTape(openNode({ path, verb: "ask", access: "read", isStopped: () => false }));
}

/** Never with O_CREAT: that would make a regular file of a missing node. */
function openNode({ path, verb, access }: OpenTapeOptions): number {
  let fd: number;
  try {
    fd = openSync(path, (access === "write" ? constants.O_RDWR : constants.O_RDONLY) | constants.O_NONBLOCK);
  } catch (cause) {
    throw refusal(path, verb, cause);
  }
  if (isTape(fd)) return fd;
  const stat = fstatSync(fd);
  closeSync(fd);
  const what = stat.isFile() ? "a regular file" : stat.isDirectory() ? "a directory" : "not a tape drive";
  throw new AceError("medium", `Cannot ${verb} ${path}: it is ${what}`, {
    hint: "Name a tape drive that does not rewind by itself, such as /dev/nst0.",
  });
}

function refusal(path: string, verb: string, cause: unknown): AceError {
  const hint = refusalHints[systemCodeOf(cause) ?? ""];
  return new AceError("medium", `Cannot ${verb} ${path}: ${systemState(cause, refusals)}`, {
    cause,
    ...(hint === undefined ? {} : { hint: hint.replaceAll("DEVICE", path) }),
  });
}

const refusals = {
  EBUSY: "another program has the drive open",
  ENODEV: "there is no drive behind it",
  ENOENT: "there is no such file",
  ENXIO: "there is no drive behind it",
  EROFS: "the tape is write-protected",
};

const refusalHints: Readonly<Record<string, string>> = {
  EACCES: "ls -l DEVICE names the group that may use it, mostly tape.",
  EBUSY: "fuser -v DEVICE says which.",
  ENODEV: "lsscsi -g lists the drives.",
  ENOENT: "ls /dev/nst* lists the drives; modprobe st loads the driver.",
  ENOMEDIUM: "Insert one; mt -f DEVICE load draws in one that is half out.",
  ENXIO: "lsscsi -g lists the drives.",
  EROFS: "Eject it (mt -f DEVICE offline) and slide its switch to unlocked.",
};

function emptyDrive({ path, verb }: OpenTapeOptions): AceError {
  return refusal(path, verb, { code: "ENOMEDIUM" });
}

function notReady({ path, verb }: OpenTapeOptions): AceError {
  return new AceError(
    "medium",
    `Cannot ${verb} ${path}: the drive is not ready after ${readyTimeoutMs / 1000} s`,
    { hint: `See mt -f ${path} status and the kernel's log (dmesg).` },
  );
}
