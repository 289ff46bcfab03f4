/** The records of the batch commands: what was serialized (record-keeping.csv) and what was deserialized (successful_syncs.csv). */
import { type CsvFile, type CsvRow, formatCsvLine, parseCsv } from "../csv.ts";
import { AceError } from "../errors.ts";
import { type Digest, isDigest } from "../oci/digest.ts";
import { parseReference } from "../oci/reference.ts";
import { type ArchiveName, parseArchiveName } from "./batch-names.ts";

/** The first line of record-keeping.csv. */
export const trackerHeader = ["sync_name", "artifact", "digest"] as const;

/** The first line of successful_syncs.csv. */
export const syncHeader = ["filename", "artifact", "timestamp"] as const;

/** The name of the low side's record when no flag gives another. */
export const trackerName = "record-keeping.csv";

/** The names of the high side's record: the guide's, which is written, and the original's. */
export const syncFileNames = ["successful_syncs.csv", "successful-syncs.csv"] as const;

/** An archive that was written. */
export interface SerializedRecord extends ArchiveName {
  /** The image's reference, as the batch list had it then. */
  artifact: string;
  /** What it pointed at then. */
  digest: Digest;
}

/** An archive that was read. */
export interface SyncedRecord {
  file: string;
  /** Where to. Undefined in rows of two columns, as the guide shows them. */
  artifact: string | undefined;
}

/** First columns of a line that names them, in either spelling; what comes first is no image, so no row is taken for one. */
const headerPattern = /^(?:sync[_-])?(?:file)?name$/i;

/**
 * Reads the rows of any of the three files of the batch commands, which may begin with a line that names the columns.
 * @param read returns what is wrong with a row, if anything is
 * @throws AceError `input` that tells all the bad lines
 */
export function parseBatchRows<Row extends object>(
  text: string,
  of: CsvFile,
  read: (row: CsvRow) => Row | string,
): Row[] {
  return parseCsv(text, of, (row, refuse, isFirst) => {
    if (isFirst && headerPattern.test(row.fields[0] ?? "")) return undefined;
    const found = read(row);
    return typeof found === "string" ? refuse(found) : found;
  });
}

/**
 * Reads the text of record-keeping.csv.
 * @throws AceError `input` that tells all the bad lines
 */
export function parseSerialized(text: string, file: string): SerializedRecord[] {
  const hint = `Each line has three columns: ${trackerHeader.join(",")}. An artifact whose line is taken out is serialized again.`;
  return parseBatchRows(text, { what: "records", file, hint }, ({ fields }) => readSerialized(fields));
}

/** @returns what is wrong with it, if it is no record */
function readSerialized(fields: readonly string[]): SerializedRecord | string {
  const [file = "", artifact = "", digest = ""] = fields;
  const name = parseArchiveName(file);
  if (name === undefined) return `${JSON.stringify(file)} is no NNNNNN-NAME.tar, .tar.zst or .tar.gz`;
  if (!isDigest(digest)) return `${JSON.stringify(digest)} is no digest`;
  try {
    parseReference(artifact);
    return { ...name, artifact, digest };
  } catch (error) {
    if (error instanceof AceError) return error.message;
    throw error;
  }
}

/** Reads the text of successful_syncs.csv. @throws AceError `input` that tells all the bad lines */
export function parseSynced(text: string, file: string): SyncedRecord[] {
  const hint = `Each line has three columns: ${syncHeader.join(",")}. A file whose line is taken out is deserialized again.`;
  return parseBatchRows(text, { what: "records", file, hint }, ({ fields }) => {
    const [name = "", artifact, timestamp] = fields;
    if (name === "") return "the name of the file is missing";
    return { file: name, artifact: timestamp === undefined ? undefined : artifact };
  });
}

/** True for a last line that lacks nothing but its line break. */
export function isWholeSerialized(line: string): boolean {
  const fields = line.split(",").map((field) => field.trim());
  if (line.startsWith("#") || fields.join() === trackerHeader.join()) return true;
  return typeof readSerialized(fields) !== "string";
}

/** True for a last line that lacks nothing but its line break, or the end of a time. */
export function isWholeSynced(line: string): boolean {
  return line.startsWith("#") || line.split(",").length >= syncHeader.length;
}

/** A line of record-keeping.csv. */
export function formatSerialized({ file, artifact, digest }: SerializedRecord): string {
  return `${formatCsvLine([file, artifact, digest])}\n`;
}

/** A line of successful_syncs.csv; the time is in the form in which the original's `time.Time` prints itself, in UTC. */
export function formatSynced(file: string, artifact: string, time: Date): string {
  const [day = "", clock = ""] = time.toISOString().split(/[TZ]/);
  return `${formatCsvLine([file, artifact, `${day} ${clock} +0000 UTC`])}\n`;
}
