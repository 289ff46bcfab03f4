import { expect, test } from "bun:test";
import { diffColumns, diffNotes } from "../../../src/commands/mirror/diff-table.ts";
import type { DiffRow } from "../../../src/mirror/diff.ts";
import { formatTable } from "../../../src/ui/table.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}` as const;
const row = (reference: string): DiffRow => ({
  reference,
  digest,
  sizes: { bytes: 1_234_567_890, sharedBytes: 456_000, existingBytes: 0 },
});
const rows = [
  row("reg.example.com/charts/app:0.1.0"),
  row(`reg.example.com/library/base@${digest}`),
  row(`registry.internal.example.com/a-team/with-a-long-name/and-a-project/and-an-image-of-it:v1.2.3-rc.4`),
];

test.each([false, true])("the table fits a terminal of 80 columns (sizes: %p)", (sizes) => {
  const lines = formatTable(diffColumns(sizes), rows, 80).split("\n");
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(lines.length).toBeLessThanOrEqual(sizes ? 8 : 5);
  const text = lines.join("\n");
  expect(text).toContain("reg.example.com/charts/app:0.1.0");
  expect(text).toContain("sha256:0123456789ab");
  if (sizes) expect(lines[1]).toMatch(/1\.23 GB\s+456 kB\s+0 B$/);
});

test("where lines may be long, every row is one line with all of its digest", () => {
  const lines = formatTable(diffColumns(false), rows).split("\n");
  expect(lines).toHaveLength(4);
  for (const line of lines.slice(1)) expect(line).toEndWith(digest);
});

test("diffNotes() says that nothing differs, that there is nothing, and the sum", () => {
  const total = { bytes: 5000, existingBytes: 0 };
  expect(diffNotes({ rows: [], images: 3, total }, "a.io/g:1")).toEqual([
    "Nothing differs: the existing images have all 3 images of a.io/g:1.",
  ]);
  expect(diffNotes({ rows: [], images: 0, total: undefined }, "a.io/g:1")).toEqual([
    "Nothing to list: there is no image in a.io/g:1.",
  ]);
  expect(diffNotes({ rows, images: 3, total: undefined }, "a.io/g:1")).toEqual([]);
  expect(diffNotes({ rows, images: 3, total }, "a.io/g:1")).toEqual([
    "Together 5.00 kB, each blob counted once.",
  ]);
  expect(diffNotes({ rows, images: 3, total: { bytes: 5000, existingBytes: 200 } }, "a.io/g:1")).toEqual([
    "Together 5.00 kB, each blob counted once, 200 B of them existing already.",
  ]);
});
