/** Rows for programs: CSV and JSON, byte for byte the same for the same rows. */
import { formatCsvLine } from "../csv.ts";
import { goJson } from "../oci/go-json.ts";
import type { Column } from "./table.ts";

/** A line of column names, then one line a row, as Go's encoding/csv writes them (LF, quotes where needed). No line break at the end. */
export function formatCsv<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [
    columns.map(({ key }) => key),
    ...rows.map((row) => columns.map(({ value }) => `${value(row) ?? ""}`)),
  ];
  return lines.map(formatCsvLine).join("\n");
}

/** An array of objects on one line, keys in alphabetical order, as Go writes maps. No line break at the end. */
export function formatJson<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  return formatJsonValue(rowObjects(columns, rows));
}

/** An object a row, keys in alphabetical order. */
export function rowObjects<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): Record<string, string | number | boolean | null>[] {
  const sorted = [...columns].sort((a, b) => (a.key < b.key ? -1 : 1));
  return rows.map((row) => Object.fromEntries(sorted.map(({ key, value }) => [key, value(row)])));
}

/** Any value on one line, keys as they are. */
export function formatJsonValue(value: unknown): string {
  return goJson(value).replace(
    // What a terminal would obey, and what JSON.stringify leaves as it is: DEL and the C1 controls.
    /[\x7f-\x9f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}
