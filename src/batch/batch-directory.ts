/** What lies in a batch's directory. */
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AceError, directoryStates, systemCodeOf, systemState } from "../errors.ts";
import { type ArchiveName, byNumber, parseFoundName } from "../lists/batch-names.ts";
import { syncDirectory } from "../system/replace-file.ts";

/** An archive that lies there. */
export interface FoundArchive extends ArchiveName {
  sizeBytes: number;
}

/** What was found. */
export interface BatchDirectory {
  /** By number. */
  archives: FoundArchive[];
  /** Archives that a run which was cut off has begun, by number. */
  unfinished: ArchiveName[];
  /** Names of everything else but CSV files and locks. */
  strays: string[];
}

/** What is put around the name of an archive that is not whole yet: no pattern for archives takes it. */
const unfinishedMark = { before: ".", after: ".unfinished" } as const;

/** The name under which an archive is written. */
export function unfinishedName(file: string): string {
  return `${unfinishedMark.before}${file}${unfinishedMark.after}`;
}

/** The archive that an unfinished file was to become; undefined when it is no such file. */
function parseUnfinished(file: string): ArchiveName | undefined {
  const { before, after } = unfinishedMark;
  if (!file.startsWith(before) || !file.endsWith(after)) return undefined;
  return parseFoundName(file.slice(before.length, -after.length));
}

/** Every lock of ours is named so. */
export const lockEnding = ".lock";

/**
 * Looks through a directory.
 * @param recorded further names that are archives, because a record says so
 * @throws AceError `input` when it cannot be read
 */
export async function readBatchDirectory(
  directory: string,
  recorded: ReadonlyMap<string, ArchiveName>,
): Promise<BatchDirectory> {
  const found: BatchDirectory = { archives: [], unfinished: [], strays: [] };
  for (const file of (await namesIn(directory)).sort()) {
    const archive = recorded.get(file) ?? parseFoundName(file);
    const begun = parseUnfinished(file);
    const sizeBytes = archive === undefined ? undefined : await fileSize(join(directory, file));
    if (archive !== undefined && sizeBytes !== undefined) found.archives.push({ ...archive, sizeBytes });
    else if (begun !== undefined) found.unfinished.push(begun);
    else if (!file.endsWith(".csv") && !(file.startsWith(".") && file.includes(lockEnding)))
      found.strays.push(file);
  }
  found.archives.sort(byNumber);
  found.unfinished.sort(byNumber);
  return found;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    throw directoryError(directory, cause);
  }
}

/** The size of a regular file, links followed; undefined when it is none. */
async function fileSize(path: string): Promise<number | undefined> {
  try {
    const facts = await stat(path);
    return facts.isFile() ? facts.size : undefined;
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return undefined; // a link to nothing
    throw directoryError(path, error);
  }
}

/** Makes the directory if it is not there. @throws AceError `input` */
export async function makeBatchDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (cause) {
    throw directoryError(directory, cause);
  }
}

/** Removes what was begun of an archive. Only who has the lock may do that. */
export async function removeUnfinished(directory: string, file: string): Promise<void> {
  await rm(join(directory, unfinishedName(file)), { force: true });
}

/** Names of files in one message. */
const namesShown = 10;

/** The first of many, in words. */
export function someOf(names: readonly string[]): string {
  const more = names.length - namesShown;
  return `${names.slice(0, namesShown).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** fsync(2) of directories is not known to every file system (FUSE, some network ones): there the rename must do. */
const unsyncable: ReadonlySet<string> = new Set(["EINVAL", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EBADF"]);

/** Makes the names in a directory survive a power cut, where the file system can. */
export async function syncNames(directory: string): Promise<void> {
  try {
    await syncDirectory(directory);
  } catch (error) {
    if (!unsyncable.has(systemCodeOf(error) ?? "")) throw error;
  }
}

function directoryError(directory: string, cause: unknown): AceError {
  const state = systemState(cause, directoryStates);
  return new AceError("input", `Cannot use sync directory ${directory}: ${state}`, { cause });
}
