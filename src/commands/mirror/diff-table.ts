/** How the rows of diff are printed, and what is said beside them. */
import type { DiffResult, DiffRow } from "../../mirror/diff.ts";
import { formatBytes, shortDigest } from "../../ui/format.ts";
import type { Column } from "../../ui/table.ts";

/** The original's columns; with sizes three more. */
export function diffColumns(sizes: boolean): readonly Column<DiffRow>[] {
  const columns: readonly Column<DiffRow>[] = [
    {
      key: "reference",
      value: (row) => row.reference,
      short: (row) => row.reference.replace(/@.*$/, shortDigest),
      long: true,
    },
    { key: "digest", value: (row) => row.digest, short: (row) => shortDigest(row.digest) },
  ];
  if (!sizes) return columns;
  return [
    ...columns,
    sizeColumn("bytes", "SIZE", (row) => row.sizes?.bytes),
    sizeColumn("sharedBytes", "SHARED", (row) => row.sizes?.sharedBytes),
    sizeColumn("existingBytes", "EXISTING", (row) => row.sizes?.existingBytes),
  ];
}

function sizeColumn(
  key: string,
  title: string,
  bytesOf: (row: DiffRow) => number | undefined,
): Column<DiffRow> {
  return {
    key,
    title,
    right: true,
    value: (row) => bytesOf(row) ?? null,
    text: (row) => formatBytes(bytesOf(row) ?? 0),
  };
}

/** Sentences for what the rows do not say: that there are none, and their sum. */
export function diffNotes({ rows, images, total }: DiffResult, artifact: string): string[] {
  if (rows.length === 0) {
    return [
      images === 0
        ? `Nothing to list: there is no image in ${artifact}.`
        : `Nothing differs: the existing images have all ${images} images of ${artifact}.`,
    ];
  }
  if (total === undefined) return [];
  const existing =
    total.existingBytes === 0 ? "" : `, ${formatBytes(total.existingBytes)} of them existing already`;
  return [`Together ${formatBytes(total.bytes)}, each blob counted once${existing}.`];
}
