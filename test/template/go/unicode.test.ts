/** Go's character classes and simple case mappings, at the characters where the runtime's differ. */
import { expect, test } from "bun:test";
import {
  isLower,
  isPrint,
  isSpace,
  isUpper,
  toLower,
  toTitle,
  toUpper,
} from "../../../src/template/go/unicode.ts";

test("a case mapping is one character for one", () => {
  const rows: [from: number, to: number, why: string][] = [
    [0xdf, 0xdf, "sharp s has no capital"],
    [0x149, 0x149, "n with an apostrophe has none of one character"],
    [0x1f80, 0x1f88, "alpha with iota subscript"],
    [0x1fb3, 0x1fbc, "another one"],
    [0xff, 0x178, "across Latin-1"],
    [0x10428, 0x10400, "beyond the first 65536"],
    [0x19b, 0x19b, "its capital came after Unicode 15.0"],
    [0xd800, 0xd800, "half a surrogate pair"],
  ];
  for (const [from, to, why] of rows) expect([why, toUpper(from)]).toEqual([why, to]);
  expect(toLower(0x130)).toBe(0x69);
  expect([0x1c4, 0x1c6, 0x1f3, 0x10d0, 0x61].map(toTitle)).toEqual([0x1c5, 0x1c5, 0x1f2, 0x10d0, 0x41]);
});

test("classes are those of Unicode 15.0", () => {
  expect([0x295, 0x61, 0x41].map(isLower)).toEqual([true, true, false]);
  expect([0x1c89, 0xc9, 0x41].map(isUpper)).toEqual([false, true, true]);
  expect([0x85, 0xa0, 0x2028, 0xfeff, 0x200b].map(isSpace)).toEqual([true, true, true, false, false]);
  expect([0x20, 0xa0, 0xad, 0x301, 0x378, 0x1fae9].map(isPrint)).toEqual([
    true,
    false,
    false,
    true,
    false,
    false,
  ]);
});
