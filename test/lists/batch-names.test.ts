/** The names of archives, ours and whatever else lies in the directory. */
import { describe, expect, test } from "bun:test";
import {
  byNumber,
  formatArchiveName,
  parseArchiveName,
  parseFoundName,
} from "../../src/lists/batch-names.ts";

describe("formatArchiveName() is read back", () => {
  const names: [file: string, number: number, name: string, compression: "zstd" | "gzip" | undefined][] = [
    ["000001-tools.tar", 1, "tools", undefined],
    ["000042-my-tools.v1.2.tar.zst", 42, "my-tools.v1.2", "zstd"],
    ["000042-my-tools.v1.2.tar.gz", 42, "my-tools.v1.2", "gzip"],
    ["000003-a.tar.tar", 3, "a.tar", undefined],
    ["000003-a.tar.gz.tar", 3, "a.tar.gz", undefined],
    ["000003-a.tar.tar.gz", 3, "a.tar", "gzip"],
    ["1000000-late.tar", 1_000_000, "late", undefined],
  ];
  for (const [file, number, name, compression] of names) {
    test(file, () => {
      expect(formatArchiveName(number, name, compression)).toBe(file);
      expect(parseFoundName(file)).toEqual({ file, number, name });
    });
  }
});

test("a record may have a number without zeros in front, as early versions of the original wrote them", () => {
  expect(parseArchiveName("4-ops.tar")).toEqual({ file: "4-ops.tar", number: 4, name: "ops" });
});

describe("parseFoundName() leaves alone", () => {
  const strays = [
    "4-ops.tar",
    "20261122-backup.tar",
    "000001-ops.tar.part",
    "000001-ops.tar.xz",
    "000001-.tar",
    "000001ops.tar",
    ".000001-ops.tar.unfinished",
    "record-keeping.csv",
    "x000001-ops.tar",
  ];
  for (const stray of strays) test(stray, () => expect(parseFoundName(stray)).toBeUndefined());
});

test("byNumber() sorts by number, not by text", () => {
  const files = ["1000000-a.tar", "000010-b.tar", "000009-c.tar", "000009-a.tar"];
  const sorted = files.map((file) => parseArchiveName(file)!).sort(byNumber);
  expect(sorted.map(({ file }) => file)).toEqual(files.reverse());
});
