/** Reads a mapper's CSV file: two columns, `#` comments, blank lines. */
import { parseCsv } from "../csv.ts";
import { readText } from "../system/read-text.ts";

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
  return parseRows(await readText(file, "mapping"), file);
}

/**
 * Reads the rows of a text. Go's encoding/csv, with which the original reads these files, keeps the blanks around fields and takes
 * an indented `#` or a line of blanks for a row. A reference has no blanks, so such rows never did anything there; here blanks are cut off.
 * @param file its name in messages
 * @throws AceError `input` that tells all the bad rows, not just the first
 */
export function parseRows(text: string, file: string): Row[] {
  const hint = "Write two columns: from,to. A field with a comma goes into quotes.";
  return parseCsv(text, { what: "mapping", file, hint }, ({ fields, line }, refuse) => {
    const [from = "", to = ""] = fields;
    if (fields.length === 2) return { from, to, line };
    return refuse(`it has ${fields.length} column${fields.length === 1 ? "" : "s"}, not 2`);
  });
}
