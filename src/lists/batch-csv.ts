/** The form that the three CSV files of the batch commands have in common. */
import { parse } from "csv-parse/sync";
import { AceError, systemCodeOf } from "../errors.ts";

/** A line that is no comment and not the header. */
export interface BatchRow {
  fields: string[];
  /** Counted from 1. */
  line: number;
}

/** What is wrong with a line. */
export interface RowProblem {
  line: number;
  why: string;
}

/** First lines that name columns, in either spelling; what comes first is no image, so no row is taken for one. */
const headerPattern = /^"?(?:sync[_-])?(?:file)?name"?\s*(?:,|$)/i;

/**
 * Reads rows, turns each into what it says, and tells of all that make no sense.
 * @param what the file is, for messages: `batch list`
 * @param file its name
 * @throws AceError `input` that tells all the bad lines, not just the first
 */
export function parseBatchRows<Row>(
  text: string,
  { what, file, hint }: { what: string; file: string; hint: string },
  read: (row: BatchRow) => Row | string,
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
    const isHeader = isFirst && headerPattern.test(trimmed);
    isFirst = false;
    if (isHeader) continue;
    const line = index + 1;
    const fields = fieldsOf(trimmed);
    const row = typeof fields === "string" ? fields : read({ fields, line });
    if (typeof row === "string") problems.push({ line, why: row });
    else rows.push(row);
  }
  const [first, ...others] = problems.map(({ line, why }) => `${file}:${line}: ${why}`);
  if (first === undefined) return rows;
  throw new AceError("input", `Cannot read ${what} ${first}`, { details: others, hint });
}

/** The fields of a line, or what is wrong with it. */
function fieldsOf(content: string): string[] | string {
  try {
    return parse(content, { trim: true, relax_column_count: true })[0] ?? [];
  } catch (cause) {
    const open = systemCodeOf(cause) === "CSV_QUOTE_NOT_CLOSED";
    return open ? "a quote is opened and not closed in this line" : "a quote stands inside of a field";
  }
}

/** One line as Go's encoding/csv writes it, with its line break. */
export function formatCsvLine(fields: readonly string[]): string {
  const quoted = fields.map((field) =>
    field === "" || /[",\r\n]|^\s/.test(field) ? `"${field.replaceAll('"', '""')}"` : field,
  );
  return `${quoted.join(",")}\n`;
}
