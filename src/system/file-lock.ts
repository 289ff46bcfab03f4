/** One holder at a time of a path: a lock that goes with its process, and where there is no such thing, a file that says who. */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { systemCodeOf } from "../errors.ts";
import { flock } from "./system-calls.ts";

/** A lock that is held until it is disposed, or its process dies. */
export interface FileLock extends Disposable {
  path: string;
}

/** Why a lock cannot be had. */
export interface HeldLock {
  /** `process 12 on host, since 2026-11-22T00:00:00.000Z`; undefined when it does not say. */
  heldBy: string | undefined;
  /** The file that is the lock, where the file system knows no others: removing it frees it. */
  file: string | undefined;
}

/** Somebody may remove the file between open and lock; more often than this it is not chance. */
const attempts = 10;

/**
 * Makes the file, locks it and writes into it who holds it; it is removed when the lock is let go. A file that a killed process has
 * left is nobody's, whatever it says. Throws the system's error where no file can be made.
 * @param lock flock(2), or what a test has in its place
 */
export function takeLock(path: string, lock = flock): FileLock | HeldLock {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o666);
    const found = lock(fd);
    if (found === "taken" && isSameFile(fd, path)) return holdKernelLock(fd, path);
    closeSync(fd);
    if (found === "held") return { heldBy: readHolder(path)?.text, file: undefined };
    if (found === "unknown") {
      rmSync(path, { force: true });
      return lockByFile(`${path}-file`);
    }
  }
  throw new Error(`${path} comes and goes`);
}

function holdKernelLock(fd: number, path: string): FileLock {
  ftruncateSync(fd);
  writeSync(fd, describeSelf());
  return {
    path,
    [Symbol.dispose]: () => {
      // Removed while it is held: whoever has it open already sees that the name is gone, and opens anew.
      rmSync(path, { force: true });
      closeSync(fd);
    },
  };
}

function isSameFile(fd: number, path: string): boolean {
  const named = statSync(path, { bigint: true, throwIfNoEntry: false });
  const held = fstatSync(fd, { bigint: true });
  return held.ino === named?.ino && held.dev === named.dev;
}

function describeSelf(): string {
  return `${process.pid} ${hostname()} ${new Date().toISOString()}\n`;
}

/** Who holds a lock. */
interface Holder {
  pid: number;
  host: string;
  text: string;
}

function readHolder(path: string): Holder | undefined {
  try {
    const [pid = "", host = "", since = ""] = readFileSync(path, "utf8").trim().split(" ");
    if (!(Number(pid) > 0)) return undefined;
    return { pid: Number(pid), host, text: `process ${pid} on ${host}, since ${since}` };
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** That of a process of this host that is gone is taken over. */
function lockByFile(path: string): FileLock | HeldLock {
  const holder = readHolder(path);
  if (holder !== undefined && holder.host === hostname() && !isAlive(holder.pid))
    rmSync(path, { force: true });
  let fd: number;
  try {
    fd = openSync(path, "wx");
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST") return { heldBy: readHolder(path)?.text, file: path };
    throw error;
  }
  writeSync(fd, describeSelf());
  closeSync(fd);
  return { path, [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM: there is one, of another user.
    return systemCodeOf(error) !== "ESRCH";
  }
}
