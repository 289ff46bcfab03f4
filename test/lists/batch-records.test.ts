/** Both records, as the guide shows them and as the original writes them. */
import { describe, expect, test } from "bun:test";
import {
  formatSerialized,
  formatSynced,
  isWholeSerialized,
  isWholeSynced,
  parseSerialized,
  parseSynced,
} from "../../src/lists/batch-records.ts";
import { originalFile } from "../support/original.ts";

const digest = `sha256:${"0e3a3968".repeat(8)}` as const;

test("parseSerialized() reads the original's file, and what is written again is the same", async () => {
  const text = await Bun.file(originalFile("batch/record-keeping.csv")).text();
  const records = parseSerialized(text, "record-keeping.csv");
  expect(records.map(({ number, name }) => [number, name])).toEqual([
    [1, "tools"],
    [2, "ops"],
  ]);
  expect(`sync_name,artifact,digest\n${records.map(formatSerialized).join("")}`).toBe(text);
});

test("parseSerialized() reads blanks behind commas, dashes in the header, and no header", () => {
  const row = `000001-my-tools.v1.tar, reg.example.com/dev-tools:v3.0.6, ${digest}\n`;
  for (const header of ["sync_name, artifact, digest\n", "sync-name,artifact,digest\n", ""]) {
    expect(parseSerialized(header + row, "r.csv")).toEqual([
      {
        file: "000001-my-tools.v1.tar",
        number: 1,
        name: "my-tools.v1",
        artifact: "reg.example.com/dev-tools:v3.0.6",
        digest,
      },
    ]);
  }
});

describe("parseSerialized() refuses", () => {
  const bad: [why: string, row: string, said: string][] = [
    ["a name without a number", `ops.tar,r/ops:1,${digest}`, '"ops.tar" is no NNNNNN-NAME.tar'],
    ["a digest that was cut", "000001-ops.tar,r/ops:1,sha256:0e3a", '"sha256:0e3a" is no digest'],
    ["an image that is none", `000001-ops.tar,ops,${digest}`, "it has no registry"],
    ["a row of one column", "000001-ops.tar", '"" is no digest'],
  ];
  for (const [why, row, said] of bad) {
    test(why, () => {
      const text = `sync_name,artifact,digest\n${row}\n`;
      expect(() => parseSerialized(text, "r.csv")).toThrow("Cannot read records r.csv:2: ");
      expect(() => parseSerialized(text, "r.csv")).toThrow(said);
    });
  }
});

test("parseSynced() reads the original's file and the guide's rows of two columns", async () => {
  const text = await Bun.file(originalFile("batch/successful-syncs.csv")).text();
  expect(parseSynced(text, "s.csv")).toEqual([
    { file: "000001-tools.tar", artifact: "localhost:5300/low/out:tools" },
    { file: "000002-ops.tar", artifact: "localhost:5300/low/out:ops" },
  ]);
  const guide =
    "filename,artifact,timestamp\n000001-tools.tar,2024-08-15 16:03:34.875740174 -0400 EDT m=+0.096890310\n";
  expect(parseSynced(guide, "s.csv")).toEqual([{ file: "000001-tools.tar", artifact: undefined }]);
});

test("formatSynced() writes the time as Go prints one", () => {
  expect(
    formatSynced("000001-tools.tar", "r/x:tools", new Date(Date.UTC(2026, 10, 22, 14, 33, 50, 986))),
  ).toBe("000001-tools.tar,r/x:tools,2026-11-22 14:33:50.986 +0000 UTC\n");
});

test("a last line is whole when all that it says is there", () => {
  const record = `000001-ops.tar,r/ops:1,${digest}`;
  expect(isWholeSerialized(record)).toBe(true);
  expect(isWholeSerialized(record.slice(0, -1))).toBe(false);
  expect(isWholeSerialized("sync_name,artifact,digest")).toBe(true);
  expect(isWholeSerialized("sync_name,artif")).toBe(false);
  expect(isWholeSynced("000001-ops.tar,r/x:ops,2026-11-22 14:3")).toBe(true);
  expect(isWholeSynced("000001-ops.tar,r/x:o")).toBe(false);
});
