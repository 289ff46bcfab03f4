/** Cuts the local store to a size: what was used least recently goes first, what a run is using stays. */
import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AceError, systemCodeOf } from "../errors.ts";
import { isDigest } from "../oci/digest.ts";
import { storeError } from "./store-error.ts";
import { StoreRun, sweepRuns } from "./store-run.ts";

/** How many blobs, and how many bytes they have together. */
export interface StoreAmount {
  blobs: number;
  bytes: number;
}

/** What was done. */
export interface PruneResult {
  removed: StoreAmount;
  /** All that is there now. */
  left: StoreAmount;
  /** Of these, what should have gone too, but a run that goes on has read or put there. */
  inUse: StoreAmount;
}

interface Kept {
  path: string;
  bytes: number;
  /** Milliseconds since 1970. */
  usedMs: number;
}

/**
 * Removes blobs until the store has at most `mostBytes`, and what dead processes left unfinished. Several may prune at once, and
 * runs may use the store meanwhile. A store that does not exist is not made.
 * @throws AceError `medium` when files cannot be removed, `input` when the directory is an image layout of its own
 */
export function pruneStore(directory: string, mostBytes: number): PruneResult {
  const result: PruneResult = { removed: nothing(), left: nothing(), inUse: nothing() };
  if (!existsSync(directory)) return result;
  refuseLayout(directory);
  try {
    using run = new StoreRun(directory);
    // A use is marked in whole milliseconds, a run's beginning is not: what was used in the same one counts as used since.
    const busySinceMs = Math.floor(sweepRuns(directory, run) ?? Number.POSITIVE_INFINITY);
    const blobs = [...blobsIn(directory)].sort((a, b) => a.usedMs - b.usedMs);
    for (const blob of blobs) count(result.left, blob);
    for (const blob of blobs) {
      if (result.left.bytes <= mostBytes) break;
      if (blob.usedMs >= busySinceMs || !removeUnlessUsed(blob)) count(result.inUse, blob);
      else {
        count(result.removed, blob);
        result.left.blobs--;
        result.left.bytes -= blob.bytes;
      }
    }
    return result;
  } catch (error) {
    throw storeError("prune", directory, error);
  }
}

/** Its index names blobs by what they are for: they must not go one by one. */
function refuseLayout(directory: string): void {
  const sign = ["index.json", "oci-layout"].find((name) => existsSync(join(directory, name)));
  if (sign === undefined) return;
  throw new AceError(
    "input",
    `Cannot prune ${JSON.stringify(directory)}: it has a file ${sign}, so it is an image layout and no local store`,
    { hint: "Give the store a directory of its own: cachePath in the configuration, or ACE_DT_CACHE_PATH." },
  );
}

function* blobsIn(directory: string): Generator<Kept> {
  const root = join(directory, "blobs");
  if (!existsSync(root)) return;
  for (const algorithm of readdirSync(root)) {
    if (!lstatSync(join(root, algorithm)).isDirectory()) continue;
    for (const hex of readdirSync(join(root, algorithm))) {
      const path = join(root, algorithm, hex);
      const file = lstatSync(path, { throwIfNoEntry: false });
      if (!isDigest(`${algorithm}:${hex}`) || file?.isFile() !== true) continue;
      yield { path, bytes: file.size, usedMs: file.mtimeMs };
    }
  }
}

/** @returns false when somebody has used it since it was looked at */
function removeUnlessUsed({ path, usedMs }: Kept): boolean {
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file !== undefined && file.mtimeMs !== usedMs) return false;
  try {
    rmSync(path);
  } catch (error) {
    // Another process prunes too.
    if (systemCodeOf(error) !== "ENOENT") throw error;
  }
  return true;
}

function nothing(): StoreAmount {
  return { blobs: 0, bytes: 0 };
}

function count(amount: StoreAmount, { bytes }: Kept): void {
  amount.blobs++;
  amount.bytes += bytes;
}
