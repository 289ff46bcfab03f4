/** One batch run at a time in a directory: a lock that goes with its process, and where there is no such thing, a file that says who. */
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
import { join } from "node:path";
import { AceError, type Advice, directoryStates, systemCodeOf, systemState } from "../errors.ts";
import { tryLock } from "../system/file-lock.ts";
import { lockEnding } from "./batch-directory.ts";

/** A lock that is held until it is disposed, or its process dies. */
export interface BatchLock extends Disposable {
  path: string;
}

/** What to lock. */
export interface LockOptions {
  directory: string;
  /** The command, which is in the lock's name: the two batch commands do not disturb each other. */
  verb: string;
  /** What to do when no lock can be made. */
  hint: string | Advice;
  /** flock(2), or what a test has in its place. @returns false when another one has it, or the file system knows no locks */
  lock?: (fd: number) => boolean;
}

/** Somebody may remove the file between open and lock; more often than this it is not chance. */
const attempts = 10;

/**
 * Locks a directory.
 * @throws AceError `input` when another run has it, `medium` when no lock can be made there
 */
export function lockBatch(options: LockOptions): BatchLock {
  const path = join(options.directory, `.ace-dt-${options.verb}${lockEnding}`);
  const lock = options.lock ?? tryLock;
  try {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o666);
      if (!lock(fd)) {
        closeSync(fd);
        if (knowsLocks(path, lock)) throw heldError(options, readHolder(path), undefined);
        rmSync(path, { force: true });
        return lockByFile(options, `${path}-file`);
      }
      if (isSameFile(fd, path)) return holdKernelLock(fd, path);
      closeSync(fd);
    }
  } catch (cause) {
    if (cause instanceof AceError) throw cause;
    throw lockError(options, path, cause);
  }
  throw lockError(options, path, new Error("it comes and goes"));
}

function holdKernelLock(fd: number, path: string): BatchLock {
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

/** A lock on a file of its own tells whether one that was refused is held or unknown. */
function knowsLocks(path: string, lock: (fd: number) => boolean): boolean {
  const probe = `${path}-${process.pid}`;
  const fd = openSync(probe, constants.O_RDWR | constants.O_CREAT, 0o666);
  try {
    return lock(fd);
  } finally {
    closeSync(fd);
    rmSync(probe, { force: true });
  }
}

function isSameFile(fd: number, path: string): boolean {
  try {
    const [held, named] = [fstatSync(fd, { bigint: true }), statSync(path, { bigint: true })];
    return held.ino === named.ino && held.dev === named.dev;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** Who holds a lock: process number, host, time. */
interface Holder {
  pid: number;
  host: string;
  since: string;
}

function describeSelf(): string {
  return `${process.pid} ${hostname()} ${new Date().toISOString()}\n`;
}

function readHolder(path: string): Holder | undefined {
  try {
    const [pid = "", host = "", since = ""] = readFileSync(path, "utf8").trim().split(" ");
    return Number(pid) > 0 ? { pid: Number(pid), host, since } : undefined;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Where the file system knows no locks, a file is one. That of a process of this host that is gone is taken over. */
function lockByFile(options: LockOptions, path: string): BatchLock {
  const holder = readHolder(path);
  if (holder !== undefined && holder.host === hostname() && !isAlive(holder.pid)) rmSync(path);
  let fd: number;
  try {
    fd = openSync(path, "wx");
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST") throw heldError(options, holder, path);
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

/** @param file the lock's file when it is that which holds the lock, so that removing it frees it */
function heldError(options: LockOptions, holder: Holder | undefined, file: string | undefined): AceError {
  const who =
    holder === undefined ? "another run" : `process ${holder.pid} on ${holder.host}, since ${holder.since},`;
  const remove =
    file === undefined
      ? "Wait until it ends, or stop it; what it has finished is not done twice."
      : `Wait until it ends. This file system knows no locks: if no such process runs any more, remove ${file}`;
  return new AceError("input", `Cannot ${options.verb} in ${options.directory}: ${who} is at work there`, {
    hint: remove,
  });
}

function lockError(options: LockOptions, path: string, cause: unknown): AceError {
  const state = systemState(cause, directoryStates);
  return new AceError("medium", `Cannot ${options.verb}: ${path} cannot be written: ${state}`, {
    cause,
    hint: options.hint,
  });
}
