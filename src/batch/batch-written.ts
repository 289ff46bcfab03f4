/** What batch-serialize finds in its directory: records, archives, and what a run that was cut off has begun. */
import { resolve } from "node:path";
import type { ArchiveName } from "../lists/batch-names.ts";
import { parseSerialized, type SerializedRecord } from "../lists/batch-records.ts";
import type { RunContext } from "../run/run.ts";
import { readBatchDirectory, someOf } from "./batch-directory.ts";
import { RecordFile, trackerKind } from "./batch-record-file.ts";

/** What stands in the directory when a run begins. */
export interface WrittenStanding {
  /** The caller's to close. */
  tracker: RecordFile;
  records: SerializedRecord[];
  /** Archives that were begun, by number. */
  unfinished: ArchiveName[];
  /** The highest number that any file or record has. */
  highest: number;
}

/** Reads the records, mends them, and looks through the directory. @throws AceError `input`, `medium` */
export async function readWritten(
  options: { syncDirectory: string; trackerFilename: string },
  run: RunContext,
): Promise<WrittenStanding> {
  const directory = options.syncDirectory;
  const tracker = await RecordFile.open(resolve(directory, options.trackerFilename), trackerKind);
  try {
    const { path, torn } = tracker;
    if (torn !== undefined) run.ui.log("warn", `a crash has cut the last line of ${path}: took out ${torn}`);
    const records = parseSerialized(tracker.text, path);
    const recorded = new Map(records.map((record) => [record.file, record]));
    const { archives, unfinished } = await readBatchDirectory(directory, recorded);
    const unknown = archives.map(({ file }) => file).filter((file) => !recorded.has(file));
    if (unknown.length > 0) {
      run.ui.log(
        "warn",
        `not recorded in ${path}, so their artifacts do not count as done: ${someOf(unknown)}`,
      );
    }
    const numbers = [...records, ...archives, ...unfinished].map(({ number }) => number);
    numbers.push(Number.parseInt(torn ?? "", 10) || 0);
    return { tracker, records, unfinished, highest: numbers.reduce((a, b) => Math.max(a, b), 0) };
  } catch (error) {
    await tracker[Symbol.asyncDispose]();
    throw error;
  }
}
