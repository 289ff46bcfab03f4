/** What batch-deserialize finds: archives that are there, those that are done, and what looks odd. */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AceError, systemCodeOf } from "../errors.ts";
import { type ArchiveName, parseArchiveName } from "../lists/batch-names.ts";
import {
  parseSerialized,
  parseSynced,
  type SyncedRecord,
  syncFileNames,
  trackerName,
} from "../lists/batch-records.ts";
import { parseReference } from "../oci/reference.ts";
import type { RunContext } from "../run/run.ts";
import { type FoundArchive, readBatchDirectory, someOf, unfinishedName } from "./batch-directory.ts";
import type { RecordFile } from "./batch-record-file.ts";

/** What stands in the directory when a run begins. */
export interface ReadStanding {
  /** Not done yet, by number. */
  todo: FoundArchive[];
  /** How many archives were found. */
  total: number;
  /** The highest number that was done, by artifact. */
  newest: Map<string, number>;
}

/** The guide and the original spell the default name in two ways. What either says is done. */
async function readOtherSpelling(path: string): Promise<SyncedRecord[]> {
  const [ours, originals] = syncFileNames.map((name) => join(dirname(path), name));
  const other = path === ours ? originals : path === originals ? ours : undefined;
  const text = other === undefined ? undefined : await readIfThere(other);
  return other === undefined || text === undefined ? [] : parseSynced(text, other);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return undefined;
    throw new AceError("input", `Cannot read records ${path}: ${systemCodeOf(cause)}`, { cause });
  }
}

/** Finds out what is to be done, and says what looks odd. */
export async function readStanding(
  options: { syncDirectory: string; destination: string },
  records: RecordFile,
  run: RunContext,
): Promise<ReadStanding> {
  const { syncDirectory, destination } = options;
  const { path, torn } = records;
  if (torn !== undefined) run.ui.log("warn", `a crash has cut the last line of ${path}: took out ${torn}`);
  const synced = [...parseSynced(records.text, path), ...(await readOtherSpelling(path))];
  const tracker = join(syncDirectory, trackerName);
  const serialized = parseSerialized((await readIfThere(tracker)) ?? "", tracker);
  const recorded = new Map<string, ArchiveName>(serialized.map((record) => [record.file, record]));
  const { archives, unfinished, strays } = await readBatchDirectory(syncDirectory, recorded);
  const odd = [...unfinished.map(({ file }) => unfinishedName(file)), ...strays];
  if (odd.length > 0) {
    run.ui.log(
      "warn",
      `left alone in ${syncDirectory}, for they are no NNNNNN-NAME.tar, .tar.zst or .tar.gz: ${someOf(odd)}`,
    );
  }
  const done = new Map(synced.map((record) => [record.file, record]));
  const here = new Set(archives.map(({ file }) => file));
  const absent = [...recorded.keys()].filter((file) => !here.has(file) && !done.has(file));
  if (absent.length > 0)
    run.ui.log("warn", `recorded in ${tracker}, but neither here nor done: ${someOf(absent)}`);
  const isElsewhere = ({ file, artifact }: SyncedRecord) =>
    artifact !== undefined && artifact !== `${destination}:${parseArchiveName(file)?.name}`;
  const elsewhere = synced.filter((record) => here.has(record.file) && isElsewhere(record));
  if (elsewhere.length > 0) {
    const which = someOf(elsewhere.map(({ file, artifact }) => `${file} went to ${artifact}`));
    run.ui.log(
      "warn",
      `done, but not here: ${which}; another destination wants another file for its records`,
    );
  }
  const own = synced.filter((record) => !isElsewhere(record));
  const todo = archives.filter(({ file }) => !done.has(file));
  const comes = new Set(todo.map(({ name }) => name));
  const stays = new Map<string, string>();
  for (const { file, artifact } of own) {
    const name = parseArchiveName(file)?.name;
    if (name !== undefined && artifact !== undefined && !comes.has(name)) stays.set(name, file);
  }
  await warnOfMissingTags(stays, path, destination, run);
  return { todo, total: archives.length, newest: newestOf(own) };
}

function newestOf(synced: readonly SyncedRecord[]): Map<string, number> {
  const newest = new Map<string, number>();
  for (const { file } of synced) {
    const archive = parseArchiveName(file);
    if (archive === undefined) continue;
    newest.set(archive.name, Math.max(archive.number, newest.get(archive.name) ?? 0));
  }
  return newest;
}

/**
 * The original has never tagged anything: what it has recorded as done is there, and cannot be found by its name.
 * @param stays the last archive that is recorded as done, by name
 */
async function warnOfMissingTags(
  stays: ReadonlyMap<string, string>,
  path: string,
  destination: string,
  run: RunContext,
): Promise<void> {
  const repository = await run.target(parseReference(destination));
  const ask = async ([name, file]: [string, string]) => {
    try {
      await repository.resolve(name);
    } catch (error) {
      if (run.signal.aborted || !(error instanceof AceError)) throw error;
      const state =
        error.code === "not-found"
          ? `is not there, though ${file} is recorded as done; to have it done again, take its line out of ${path}`
          : `cannot be asked for: ${error.message}`;
      run.ui.log("warn", `${destination}:${name} ${state}`);
    }
  };
  await Promise.all([...stays].map(ask));
}
