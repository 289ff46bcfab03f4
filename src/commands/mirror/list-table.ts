/** How the images of an archive are printed, and what is said beside them. */
import { AceError } from "../../errors.ts";
import type { ListResult, ListRow } from "../../mirror/list.ts";
import { formatBytes, shortDigest } from "../../ui/format.ts";
import type { Column } from "../../ui/table.ts";

/** One row an image. */
export const listColumns: readonly Column<ListRow>[] = [
  {
    key: "reference",
    value: (row) => row.reference,
    short: (row) => row.reference.replace(/@.*$/, shortDigest),
    long: true,
  },
  { key: "labels", value: (row) => labelsText(row), long: true },
  { key: "platforms", value: (row) => row.platforms.join(","), long: true },
  {
    key: "bytes",
    title: "SIZE",
    right: true,
    value: (row) => row.bytes,
    text: (row) => formatBytes(row.bytes),
  },
  {
    key: "complete",
    value: (row) => row.missing === 0,
    text: (row) => (row.missing === 0 ? "yes" : `lacks ${row.missing} (${formatBytes(row.missingBytes)})`),
  },
  { key: "digest", value: (row) => row.digest, short: (row) => shortDigest(row.digest) },
];

/** As sources.list has them, but with commas between. */
function labelsText({ labels }: ListRow): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

/** The error that a list of an archive with faults ends with, when its rows are printed. */
export function listError({ name, faults }: ListResult): AceError | undefined {
  const [first, ...others] = faults;
  if (first === undefined) return undefined;
  const at = first.offset === undefined ? "" : ` at byte ${first.offset}`;
  return new AceError("archive", `Cannot list all of ${name}${at}: ${first.message}`, {
    details: others.map(
      ({ offset, message }) => `${offset === undefined ? "" : `byte ${offset}: `}${message}`,
    ),
    hint: "What is listed may lack images and blobs; ace-dt mirror verify names everything that is wrong.",
  });
}

/** A sentence behind the table. */
export function listNote({ rows }: ListResult): string {
  const lacking = rows.filter(({ missing }) => missing > 0).length;
  const images = `${rows.length} ${rows.length === 1 ? "image" : "images"}`;
  if (lacking === 0) return `list: ${images}, all of them whole in this archive`;
  return `list: ${images}; ${lacking} of them need blobs that are not in this archive`;
}
