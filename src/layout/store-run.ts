/** A run that uses the local store: its own directory for unfinished files, with a lock that says that it is alive. */
import { randomUUID } from "node:crypto";
import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemCodeOf } from "../errors.ts";
import { flock } from "../system/system-calls.ts";

/** Younger than this nothing is taken for left behind: between making a lock file and locking it there is a moment. */
const youngMs = 60_000;

/** Where files cannot be locked, what was written to this recently counts as alive: nobody works on one blob for a day. */
const abandonedMs = 24 * 3600_000;

const lockName = "lock";

/** The directory in which all runs have theirs. */
export function ingestRoot(store: string): string {
  return join(store, "ingest");
}

/** One process's mark that it uses the store. As long as it lasts nobody removes its unfinished files, or blobs it has used. */
export class StoreRun implements Disposable {
  /** Where this run's unfinished files are. */
  readonly directory: string;
  /** False on file systems that know no locks: there only age tells who is dead. */
  readonly isLocked: boolean;
  readonly #lock: number;

  /** Makes the store when there is none. Throws the system's error. */
  constructor(store: string) {
    this.directory = join(ingestRoot(store), randomUUID());
    // As the XDG base directory specification has it: images may be private. A directory that is there may be shared by users.
    mkdirSync(store, { recursive: true, mode: 0o700 });
    mkdirSync(this.directory, { recursive: true });
    this.#lock = openSync(join(this.directory, lockName), "wx", 0o600);
    this.isLocked = flock(this.#lock) === "taken";
  }

  /** When it began, in milliseconds by the clock of the file system. */
  get startedMs(): number {
    return fstatSync(this.#lock).mtimeMs;
  }

  /** Ends it; unfinished files go. */
  close(): void {
    closeSync(this.#lock);
    rmSync(this.directory, { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Removes what dead runs left. Throws the system's error.
 * @param own a run that has just begun, which tells the time by the clock of the file system, and whether locks work there
 * @returns when the oldest other run that still lives began, in milliseconds by the same clock; undefined when there is none
 */
export function sweepRuns(store: string, own: StoreRun): number | undefined {
  const nowMs = own.startedMs;
  let oldestMs: number | undefined;
  for (const name of namesIn(ingestRoot(store))) {
    const path = join(ingestRoot(store), name);
    if (path === own.directory) continue;
    const startedMs = startOf(path);
    const youngest = youngestIn(path);
    const isAlive = startedMs !== undefined && (own.isLocked || youngest > nowMs - abandonedMs);
    if (isAlive) oldestMs = Math.min(oldestMs ?? startedMs, startedMs);
    else if (youngest < nowMs - youngMs) removeIfAllowed(path);
  }
  return oldestMs;
}

/** When the run began that this directory belongs to; undefined when nobody has its lock, or it is no run's directory. */
function startOf(directory: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(join(directory, lockName), "r+");
  } catch (error) {
    if (isMissing(error)) return undefined;
    // Only its owner can tell; the directory is as old as the run.
    if (isForeign(error)) return statSync(directory).mtimeMs;
    throw error;
  }
  try {
    return flock(fd) === "taken" ? undefined : fstatSync(fd).mtimeMs;
  } finally {
    closeSync(fd);
  }
}

/** When something in the directory was written last, or the file itself. */
function youngestIn(path: string): number {
  const self = statSync(path, { throwIfNoEntry: false });
  if (self === undefined) return Number.POSITIVE_INFINITY;
  const inside = self.isDirectory() ? namesIn(path) : [];
  const times = inside.map((name) => statSync(join(path, name), { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return Math.max(self.mtimeMs, ...times);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isMissing(error) || isForeign(error)) return [];
    throw error;
  }
}

/** What another user left is that user's to remove. */
function removeIfAllowed(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!isForeign(error)) throw error;
  }
}

function isMissing(error: unknown): boolean {
  return systemCodeOf(error) === "ENOENT" || systemCodeOf(error) === "ENOTDIR";
}

function isForeign(error: unknown): boolean {
  return systemCodeOf(error) === "EACCES" || systemCodeOf(error) === "EPERM";
}
