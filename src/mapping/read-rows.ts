/** Reads a mapper's CSV file: two columns, `#` comments, blank lines. */
import { parse } from "csv-parse/sync";
import { AceError, systemCodeOf } from "../errors.ts";
import { readText } from "./read-text.ts";

/** One rule. */
export interface Row {
  from: string;
  to: string;
  /** Counted from 1. */
  line: number;
}

/** What is wrong with a line. */
export interface RowProblem {
  line: number;
  why: string;
}

/** What {@link badRows} needs to know beside the problems. */
export interface BadRowsOptions {
  /** The file's name. */
  file: string;
  hint: string;
}

/**
 * Reads the rows of a file.
 * @throws AceError `input`, with file and line
 */
export async function readRows(file: string): Promise<Row[]> {
  return parseRows(await readText(file), file);
}

/**
 * Reads the rows of a text. Go's encoding/csv, with which the original reads these files, keeps the blanks around fields and takes
 * an indented `#` or a line of blanks for a row. A reference has no blanks, so such rows never did anything there; here blanks are cut off.
 * @param file its name in messages
 * @throws AceError `input` that tells all the bad rows, not just the first
 */
export function parseRows(text: string, file: string): Row[] {
  const problems: RowProblem[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const rows = lines.flatMap((content, index) => {
    const trimmed = content.trim();
    if (trimmed === "" || trimmed.startsWith("#")) return [];
    const row = parseRow(trimmed, index + 1);
    if ("from" in row) return [row];
    problems.push(row);
    return [];
  });
  if (problems.length === 0) return rows;
  throw badRows(problems, {
    file,
    hint: "Write two columns: from,to. A field with a comma goes into quotes.",
  });
}

/** The error for a file with bad rows: the first one in the message, the others behind it. */
export function badRows(problems: readonly RowProblem[], { file, hint }: BadRowsOptions): AceError {
  const [first, ...others] = problems.map(({ line, why }) => `${file}:${line}: ${why}`);
  return new AceError("input", `Cannot read mapping ${first}`, { details: others, hint });
}

function parseRow(content: string, line: number): Row | RowProblem {
  const columns = columnsOf(content);
  if (typeof columns === "string") return { line, why: columns };
  const [from = "", to = ""] = columns;
  if (columns.length === 2) return { from, to, line };
  return { line, why: `it has ${columns.length} column${columns.length === 1 ? "" : "s"}, not 2` };
}

/** The columns of a line, or what is wrong with it. */
function columnsOf(content: string): string[] | string {
  try {
    return parse(content, { trim: true, relax_column_count: true })[0] ?? [];
  } catch (cause) {
    const open = systemCodeOf(cause) === "CSV_QUOTE_NOT_CLOSED";
    return open ? "a quote is opened and not closed in this line" : "a quote stands inside of a field";
  }
}
