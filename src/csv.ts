/** Comma-separated values: the lists, rules and records that people write, and the rows that programs read. */
import { parse } from "csv-parse/sync";
import { AceError, type Advice, systemCodeOf } from "./errors.ts";

/** A line that is neither blank nor a comment. */
export interface CsvRow {
  fields: string[];
  /** Counted from 1. */
  line: number;
}

/** What is wrong with a line. */
export interface RowProblem {
  line: number;
  why: string;
  /** What to do, when that is not the same for every line. */
  hint?: string | Advice | undefined;
}

/** What messages say of a file of rows. */
export interface CsvFile {
  /** What it is: `batch list`. */
  what: string;
  /** Its name. */
  file: string;
  /** What to do about a bad line. */
  hint?: string;
}

/**
 * Reads rows and turns each into what it says. Rows are lines: a quoted field may have commas, but no line breaks. Blanks around fields,
 * a byte order mark, blank lines and lines that begin with `#` are left out, and rows may differ in length.
 * @param read returns undefined for a row that says nothing, and `refuse(why)` for one that makes no sense
 * @throws AceError `input` that tells all the bad lines, not just the first
 */
export function parseCsv<Row>(
  text: string,
  of: CsvFile,
  read: (
    row: CsvRow,
    refuse: (why: string, hint?: RowProblem["hint"]) => undefined,
    isFirst: boolean,
  ) => Row | undefined,
): Row[] {
  const problems: RowProblem[] = [];
  const rows: Row[] = [];
  let isFirst = true;
  for (const [index, content] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    const trimmed = content.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const line = index + 1;
    const refuse = (why: string, hint?: RowProblem["hint"]): undefined => {
      problems.push({ line, why, hint });
    };
    const fields = fieldsOf(trimmed);
    const row = typeof fields === "string" ? refuse(fields) : read({ fields, line }, refuse, isFirst);
    if (row !== undefined) rows.push(row);
    isFirst = false;
  }
  if (problems.length > 0) throw badRows(problems, of);
  return rows;
}

/** The error for a file with bad rows: the first one in the message, the others behind it. */
export function badRows(problems: readonly RowProblem[], { what, file, hint }: CsvFile): AceError {
  const [first, ...others] = problems.map(({ line, why }) => `${file}:${line}: ${why}`);
  const advice = problems[0]?.hint ?? hint;
  return new AceError("input", `Cannot read ${what} ${first}`, {
    details: others,
    ...(advice === undefined ? {} : { hint: advice }),
  });
}

/** The fields of a line, or what is wrong with it. */
function fieldsOf(content: string): string[] | string {
  try {
    return parse(content, { trim: true, relax_column_count: true })[0] ?? [];
  } catch (cause) {
    // The parser's own words count lines from the one that it was given.
    const isOpen = systemCodeOf(cause) === "CSV_QUOTE_NOT_CLOSED";
    return isOpen ? "a quote is opened and not closed in this line" : "a quote stands inside of a field";
  }
}

/** One line, without its line break, quoted as Go's encoding/csv does it: for a separator, a quote, a line break, a blank in front and `\.`. */
export function formatCsvLine(fields: readonly string[]): string {
  return fields
    .map((field) => (/[",\r\n]|^\s|^\\\.$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(",");
}
