/** UTF-8 over byte strings. */
import { expect, test } from "bun:test";
import {
  decodeLastRune,
  decodeRune,
  decodeText,
  encodeRune,
  encodeText,
  isValidUtf8,
  mapRunes,
  runeCount,
  runesOf,
} from "../../../src/template/go/utf8.ts";

test("text survives the way into bytes and back", () => {
  for (const text of ["", "plain", "日本語", "é\u{1f600}", "\ufeffmark"])
    expect(decodeText(encodeText(text))).toBe(text);
  expect(encodeText("日").length).toBe(3);
});

test("decodeRune() gives U+FFFD of size 1 for bytes that are no character", () => {
  const bad: [bytes: string, why: string][] = [
    ["\x80", "a continuation byte alone"],
    ["\xc0\x80", "an overlong NUL"],
    ["\xe0\x80\x80", "an overlong NUL in three"],
    ["\xed\xa0\x80", "half a surrogate pair"],
    ["\xf4\x90\x80\x80", "beyond U+10FFFF"],
    ["\xe6\x97", "cut off"],
    ["\xff", "no UTF-8 at all"],
  ];
  for (const [bytes, why] of bad) {
    expect([why, decodeRune(bytes)]).toEqual([why, { rune: 0xfffd, size: 1 }]);
    expect([why, isValidUtf8(bytes)]).toEqual([why, false]);
  }
  expect(decodeRune("\xef\xbf\xbd")).toEqual({ rune: 0xfffd, size: 3 });
  expect(isValidUtf8("\xef\xbf\xbd")).toBe(true);
  expect(decodeRune("a", 1)).toEqual({ rune: 0xfffd, size: 0 });
});

test("decodeLastRune() reads the character that ends a string", () => {
  expect(decodeLastRune(encodeText("a日"))).toEqual({ rune: 0x65e5, size: 3 });
  expect(decodeLastRune(`${encodeText("日")}\x80`)).toEqual({ rune: 0xfffd, size: 1 });
  expect(decodeLastRune("")).toEqual({ rune: 0xfffd, size: 0 });
});

test("runes are counted, listed and mapped as Go ranges over a string", () => {
  const mixed = `a\xff${encodeText("é\u{1f600}")}`;
  expect(runesOf(mixed)).toEqual([0x61, 0xfffd, 0xe9, 0x1f600]);
  expect(runeCount(mixed)).toBe(4);
  expect(decodeText(mapRunes(mixed, (rune) => (rune === 0x61 ? -1 : rune)))).toBe("\ufffdé\u{1f600}");
});

test("encodeRune() writes U+FFFD for what is no character", () => {
  for (const rune of [0xd800, 0xdfff, 0x110000, -1]) expect(encodeRune(rune)).toBe("\xef\xbf\xbd");
  expect(encodeRune(0x1f600)).toBe(encodeText("\u{1f600}"));
});
