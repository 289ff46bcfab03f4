/** How the files of a tape are printed. */
import type { NamedFile } from "../../../tape/drive/tape-volumes.ts";
import type { Column } from "../../../ui/table.ts";

/** One row a file of the tape; a field that is not known is null in JSON. */
export const fileColumns: readonly Column<NamedFile>[] = [
  { key: "file", right: true, value: (row) => row.file },
  { key: "block", right: true, value: (row) => row.block ?? null, text: (row) => `${row.block ?? "?"}` },
  {
    key: "blockBytes",
    title: "BLOCK SIZE",
    right: true,
    value: (row) => row.blockBytes ?? null,
    text: (row) => `${row.blockBytes ?? "-"}`,
  },
  { key: "is", title: "CONTENT", value: (row) => row.is, long: true },
];

/** The same for programs, with what the label says. */
export const fileFields: readonly Column<NamedFile>[] = [
  ...fileColumns,
  { key: "kind", value: (row) => row.kind },
  { key: "ended", value: (row) => row.ended },
  { key: "set", value: (row) => row.label?.set ?? null },
  { key: "name", value: (row) => row.label?.name ?? null },
  { key: "volume", value: (row) => row.label?.volume ?? null },
  { key: "last", value: (row) => row.label?.last ?? null },
  { key: "offset", value: (row) => row.label?.offset ?? null },
  { key: "bytes", value: (row) => row.label?.bytes ?? null },
];

/** `file 0 at block 0: volume 1 of set ...` */
export function fileLine({ file, block, is }: NamedFile): string {
  return `file ${file} at block ${block ?? "unknown"}: ${is}`;
}
