/** Lines that stay, and last lines that were cut. */
import { expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { RecordFile, trackerKind } from "../../src/batch/batch-record-file.ts";
import { tempDir } from "../support/temp-dir.ts";

const header = "sync_name,artifact,digest\n";
const line = (number: number) => `00000${number}-ops.tar,r.example.com/ops:1,sha256:${"a".repeat(64)}\n`;

/** What a file that holds `before` has after one more line. */
async function after(before: string | undefined): Promise<{ text: string; torn: string | undefined }> {
  await using dir = await tempDir();
  const path = dir.file("records.csv");
  if (before !== undefined) await writeFile(path, before);
  await using file = await RecordFile.open(path, trackerKind);
  await file.append(line(9));
  return { text: await readFile(path, "utf8"), torn: file.torn };
}

const rows: [why: string, before: string | undefined, text: string, torn?: string][] = [
  ["a file that is not there gets its header", undefined, header + line(9)],
  ["an empty file too", "", header + line(9)],
  ["a line is added", header + line(1), header + line(1) + line(9)],
  ["a missing line break is added first", (header + line(1)).trimEnd(), header + line(1) + line(9)],
  ["a torn line is taken out", `${header}${line(1)}000002-ops.t`, header + line(1) + line(9), "000002-ops.t"],
  ["a torn header is written anew", "sync_name,art", header + line(9), "sync_name,art"],
  ["a comment at the end stays", `${header}# mine`, `${header}# mine\n${line(9)}`],
];
for (const [why, before, text, torn] of rows) {
  test(why, async () => expect(await after(before)).toEqual({ text, torn }));
}

test("a directory that is not there is told with what to do", async () => {
  await using dir = await tempDir();
  const path = dir.file("absent/records.csv");
  await expect(RecordFile.open(path, trackerKind)).rejects.toMatchObject({
    code: "medium",
    message: `Cannot keep records in ${path}: its directory does not exist`,
    hint: trackerKind.hint,
  });
});
