import { expect, test } from "bun:test";
import { parseByteRange, parseChunkRange } from "../../src/server/byte-range.ts";

const ranges: [string | null, ReturnType<typeof parseByteRange>][] = [
  [null, "whole"],
  ["bytes=0-0", { start: 0, end: 1 }],
  ["bytes=10-19", { start: 10, end: 20 }],
  ["bytes=90-", { start: 90, end: 100 }],
  ["bytes=90-5000", { start: 90, end: 100 }],
  ["bytes=-30", { start: 70, end: 100 }],
  ["bytes=-3000", { start: 0, end: 100 }],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=100-", "unsatisfiable"],
  ["bytes=5-4", "unsatisfiable"],
  ["bytes=-", "unsatisfiable"],
  ["bytes=a-b", "unsatisfiable"],
  ["bytes=0-1,5-6", "whole"],
  ["lines=1-2", "whole"],
];
for (const [header, expected] of ranges) {
  test(`parseByteRange() reads ${header} of 100 bytes`, () =>
    expect(parseByteRange(header, 100)).toEqual(expected));
}
test("parseByteRange() finds no range in an empty blob", () => {
  expect(parseByteRange("bytes=0-", 0)).toBe("unsatisfiable");
  expect(parseByteRange("bytes=-5", 0)).toBe("unsatisfiable");
});

const chunks: [string, ReturnType<typeof parseChunkRange>][] = [
  ["0-9", { start: 0, end: 10 }],
  ["bytes 10-19/100", { start: 10, end: 20 }],
  ["bytes=10-19", { start: 10, end: 20 }],
  ["9-0", undefined],
  ["-5", undefined],
  ["5-", undefined],
  ["0-9999999999999999999", undefined],
];
for (const [header, expected] of chunks) {
  test(`parseChunkRange() reads ${header}`, () => expect(parseChunkRange(header)).toEqual(expected));
}
