import { expect, test } from "bun:test";
import { parseContentRange } from "../../src/registry/blob-receiver.ts";

test.each([
  ["bytes 0-0/1", { first: 0, last: 0, total: 1 }],
  ["bytes 010-020/030", { first: 10, last: 20, total: 30 }],
  ["bytes 1000-1010/*", { first: 1000, last: 1010, total: undefined }],
])("parseContentRange(%j) is read", (header, range) => {
  expect(parseContentRange(header)).toEqual(range);
});

test.each([
  "",
  "notbytes 1-2/3",
  "bytes x-2/3",
  "bytes 1*2/3",
  "bytes 1-",
  "bytes 1-2",
  "bytes 1-2@3",
  "bytes 1-2/",
  "bytes 1-2/*a",
  "bytes 1-2/3a",
  "bytes 5-2/9",
  "bytes 1-9/9",
])("parseContentRange(%j) is refused", (header) => {
  expect(parseContentRange(header)).toBeUndefined();
});

test("parseContentRange() refuses two header lines", () => {
  expect(parseContentRange(["bytes 0-1/2", "bytes 0-1/2"])).toBeUndefined();
});
