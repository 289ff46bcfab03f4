import { expect, test } from "bun:test";
import { parseCheckpoints } from "../../src/lists/checkpoints.ts";

test.each([
  [["cp1.txt:34752000"], [{ file: "cp1.txt", offset: 34752000 }]],
  [
    ["checkpoint.txt:12345,checkpoint2.txt:23456"],
    [
      { file: "checkpoint.txt", offset: 12345 },
      { file: "checkpoint2.txt", offset: 23456 },
    ],
  ],
  [
    ["a:0", "b:1"],
    [
      { file: "a", offset: 0 },
      { file: "b", offset: 1 },
    ],
  ],
  [["/run/10:30:00.txt:7"], [{ file: "/run/10:30:00.txt", offset: 7 }]],
  [[], []],
])("parseCheckpoints(%j)", (texts, expected) => {
  expect(parseCheckpoints(texts)).toEqual(expected);
});

test.each([
  ["cp1.txt", "no offset"],
  ["cp1.txt:", "an empty offset"],
  [":5", "no file"],
  ["cp1.txt:-5", "negative"],
  ["cp1.txt:5.5", "not whole"],
  ["cp1.txt:1Mi", "a suffix: an offset is exact"],
  ["cp1.txt:99999999999999999999", "too large to count exactly"],
  ["a:1,,b:2", "an empty item"],
])("parseCheckpoints() refuses %j: %s", (text) => {
  expect(() => parseCheckpoints([text])).toThrow("want FILE:OFFSET");
});
