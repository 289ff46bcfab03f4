/** Reads a BATCH-LIST: which artifacts go over the gap, each under a name of its own. */
import { AceError } from "../errors.ts";
import { isTag, parseReference } from "../oci/reference.ts";
import { parseBatchRows } from "./batch-records.ts";
import { readList } from "./read-list.ts";

/** One artifact of the list. */
export interface BatchArtifact {
  /** A part of the archive's name, and the tag on the other side. */
  name: string;
  /** The image's reference, verbatim. */
  artifact: string;
  /** Counted from 1. */
  line: number;
}

/** What the list says. */
export interface BatchList {
  /** Each name once, in the order of the rows that count. */
  artifacts: BatchArtifact[];
  /** Rows that do not count, since a later one has the same name. */
  replaced: BatchArtifact[];
}

/**
 * Reads a list.
 * @param path a file, or `-` for the standard input
 * @throws AceError `input` with file and line; also for a list without any artifact
 */
export async function readBatchList(path: string): Promise<BatchList> {
  const { text, name } = await readList(path, "batch list");
  return parseBatchList(text, name);
}

/**
 * Reads a list's text.
 * @param file its name in messages
 * @throws AceError `input` that tells all the bad lines
 */
export function parseBatchList(text: string, file: string): BatchList {
  const hint = "Write a name and an image in each line: tools, reg.example.com/dev-tools:v3.0.6";
  const rows = parseBatchRows(text, { what: "batch list", file, hint }, ({ fields, line }) => {
    const [name = "", artifact = "", ...more] = fields;
    if (artifact === "" || more.some((field) => field !== ""))
      return `it has ${fields.length} column${fields.length === 1 ? "" : "s"}, not a name and an image`;
    return problemOf(name, artifact) ?? { name, artifact, line };
  });
  if (rows.length === 0)
    throw new AceError("input", `Cannot use batch list ${file}: there is no artifact in it`, { hint });
  const last = new Map(rows.map((row) => [row.name, row]));
  return {
    artifacts: rows.filter((row) => last.get(row.name) === row),
    replaced: rows.filter((row) => last.get(row.name) !== row),
  };
}

function problemOf(name: string, artifact: string): string | undefined {
  if (!isTag(name)) {
    return `${JSON.stringify(name)} cannot be a name: it becomes a tag, which has at most 128 letters, digits, "_", "." and "-", and begins with none of the last two`;
  }
  try {
    parseReference(artifact);
    return undefined;
  } catch (error) {
    if (error instanceof AceError) return error.message;
    throw error;
  }
}
