import { expect, test } from "bun:test";
import { byteSizeOf, formatByteSize, parseByteSize } from "../../src/config/bytes.ts";

test.each([
  ["512", 512],
  ["0", 0],
  ["1Ki", 1024],
  ["1Mi", 1048576],
  ["1MiB", 1048576],
  ["1Gi", 1073741824],
  ["64K", 64000],
  ["64k", 64000],
  ["64Ki", 65536],
  ["1MB", 1000000],
  ["1M", 1000000],
  ["1.5G", 1500000000],
  ["1.5Gi", 1610612736],
  [".5Mi", 524288],
  ["1 MiB", 1048576],
  ["1,000", 1000],
  ["1e3", 1000],
  ["500Mi", 524288000],
  ["2TiB", 2199023255552],
])("byteSizeOf() reads %s as %d bytes", (text, bytes) => {
  expect(byteSizeOf(text)).toBe(bytes);
});

test.each([
  ["", "nothing"],
  ["Mi", "no number"],
  ["-1", "negative"],
  ["1Zi", "no such suffix"],
  ["1 2", "two numbers"],
  ["0x10", "hexadecimal"],
  ["1constructor", "a word that every object has"],
  ["9999999Pi", "more than can be counted exactly"],
])("parseByteSize() refuses %j: %s", (text) => {
  expect(() => parseByteSize(text, "--block-size")).toThrow("--block-size");
});

test("formatByteSize() writes the shortest exact size, and byteSizeOf() reads it back", () => {
  expect([0, 512, 1024, 1536, 524288000, 1000000].map(formatByteSize)).toEqual([
    "0",
    "512",
    "1Ki",
    "1536",
    "500Mi",
    "1000000",
  ]);
  for (const bytes of [1, 1023, 2 ** 31, 2 ** 40 + 1]) expect(byteSizeOf(formatByteSize(bytes))).toBe(bytes);
});
