/** One writer for a directory: a lock file that holds a process number. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { AceError, systemCodeOf } from "../errors.ts";

const lockedHere = new Set<string>();

/**
 * Locks a directory against other registries on this host. A lock whose process is gone is taken over.
 * @returns the function that unlocks it
 * @throws AceError `input` when another one has it
 */
export function lockDirectory(directory: string): () => void {
  const path = join(resolve(directory), "registry.lock");
  const holder = readHolder(path);
  if (lockedHere.has(path) || (holder !== undefined && holder !== process.pid && isAlive(holder))) {
    throw new AceError(
      "input",
      `Cannot use ${JSON.stringify(directory)}: the registry of process ${holder ?? process.pid} writes to it`,
      {
        hint: `Stop that one, or use another directory. If it is no registry, remove ${JSON.stringify(path)}.`,
      },
    );
  }
  writeFileSync(path, `${process.pid}\n`);
  lockedHere.add(path);
  return () => {
    if (lockedHere.delete(path)) rmSync(path, { force: true });
  };
}

function readHolder(path: string): number | undefined {
  try {
    const holder = Number.parseInt(readFileSync(path, "utf8"), 10);
    return holder > 0 ? holder : undefined;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined;
    throw error;
  }
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
