/** Reads a mapper's CSV file: two columns, `#` comments, blank lines. */
import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { AceError, messageOf, systemCodeOf } from "../errors.ts";

/** One rule. */
export interface Row {
  from: string;
  to: string;
  /** Counted from 1. */
  line: number;
}

/**
 * Reads the rows of a file.
 * @throws AceError `input`, with file and line
 */
export async function readRows(file: string): Promise<Row[]> {
  try {
    return parseRows(await readFile(file, "utf8"), file);
  } catch (cause) {
    if (cause instanceof AceError) throw cause;
    const code = systemCodeOf(cause);
    const state = code === "ENOENT" ? "no such file" : (code ?? messageOf(cause));
    throw new AceError("input", `Cannot read mapping ${file}: ${state}`, { cause });
  }
}

/**
 * Reads the rows of a text.
 * @param file its name in messages
 * @throws AceError `input`
 */
export function parseRows(text: string, file: string): Row[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  return lines.flatMap((content, index) => {
    const line = index + 1;
    const trimmed = content.trim();
    return trimmed === "" || trimmed.startsWith("#") ? [] : [parseRow(trimmed, line, file)];
  });
}

function parseRow(content: string, line: number, file: string): Row {
  const fail = (why: string, cause?: unknown): AceError =>
    new AceError("input", `Cannot read mapping ${file}:${line}: ${why}`, {
      cause,
      hint: "Write two columns: from,to.",
    });
  let columns: string[];
  try {
    columns = parse(content, { trim: true, relax_column_count: true })[0] ?? [];
  } catch (cause) {
    throw fail(messageOf(cause), cause);
  }
  const [from = "", to = ""] = columns;
  if (columns.length !== 2)
    throw fail(`it has ${columns.length} column${columns.length === 1 ? "" : "s"}, not 2`);
  if (to === "") throw fail("the second column is empty");
  return { from, to, line };
}
