/** One batch run at a time in a directory. */
import { join } from "node:path";
import { AceError, type Advice, directoryStates, systemState } from "../errors.ts";
import { type FileLock, takeLock } from "../system/file-lock.ts";
import type { flock } from "../system/system-calls.ts";
import { lockEnding } from "./batch-directory.ts";

/** What to lock. */
export interface LockOptions {
  directory: string;
  /** The command, which is in the lock's name: the two batch commands do not disturb each other. */
  verb: string;
  /** What to do when no lock can be made. */
  hint: string | Advice;
  /** What a test has in the place of flock(2). */
  lock?: typeof flock;
}

/**
 * Locks a directory.
 * @throws AceError `input` when another run has it, `medium` when no lock can be made there
 */
export function lockBatch({ directory, verb, hint, lock }: LockOptions): FileLock {
  const path = join(directory, `.ace-dt-${verb}${lockEnding}`);
  let found: ReturnType<typeof takeLock>;
  try {
    found = takeLock(path, lock);
  } catch (cause) {
    const state = systemState(cause, directoryStates);
    throw new AceError("medium", `Cannot ${verb}: ${path} cannot be written: ${state}`, { cause, hint });
  }
  if ("path" in found) return found;
  const { heldBy, file } = found;
  const who = heldBy === undefined ? "another run" : `${heldBy},`;
  throw new AceError("input", `Cannot ${verb} in ${directory}: ${who} is at work there`, {
    hint:
      file === undefined
        ? "Wait until it ends, or stop it; what it has finished is not done twice."
        : `Wait until it ends. This file system knows no locks: if no such process runs any more, remove ${file}`,
  });
}
