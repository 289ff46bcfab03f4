/** Whole files that are there completely or not at all: temporary file, fsync, rename, fsync of the directory. */
import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** How the layout room writes. */
export interface WritePolicy {
  /** An existing directory for unfinished files, on the same file system as the layout. Whoever owns it may empty it at start. */
  ingestDirectory: string;
  /** False for a directory that does not outlive the process: nothing is fsync'ed then. */
  durable: boolean;
}

/** Makes the names in a directory survive a power cut (POSIX: renames are durable when their directory is). */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a small file into the ingest directory, durable but for its name.
 * @returns its path; the caller moves it
 */
export async function writeTemporary(bytes: string | Uint8Array, policy: WritePolicy): Promise<string> {
  const temporary = join(policy.ingestDirectory, `${randomUUID()}.tmp`);
  const handle = await open(temporary, "wx", 0o644);
  try {
    await handle.writeFile(bytes);
    if (policy.durable) await handle.datasync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return temporary;
}

/** Puts a small file in place of another; a reader sees the old bytes or the new ones, also after a power cut. */
export async function replaceFile(
  path: string,
  bytes: string | Uint8Array,
  policy: WritePolicy,
): Promise<void> {
  const temporary = await writeTemporary(bytes, policy);
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (policy.durable) await syncDirectory(dirname(path));
}
