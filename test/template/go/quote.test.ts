/** Go's quoted strings. */
import { expect, test } from "bun:test";
import { canBackquote, quote, quoteRune } from "../../../src/template/go/quote.ts";
import { encodeText } from "../../../src/template/go/utf8.ts";

test("quote() escapes what does not print, and bytes that are no UTF-8", () => {
  const rows: [bytes: string, quoted: string][] = [
    ['a"b\\', '"a\\"b\\\\"'],
    ["\x00\x07\n\x7f", '"\\x00\\a\\n\\x7f"'],
    ["\xff\xc3", '"\\xff\\xc3"'],
    [
      encodeText("é\u200b\u{1f600}\u{e0001}"),
      `"${encodeText("é")}\\u200b${encodeText("\u{1f600}")}\\U000e0001"`,
    ],
  ];
  for (const [bytes, quoted] of rows) expect(quote(bytes)).toBe(quoted);
  expect(quote(encodeText("é\u{1f600}"), true)).toBe('"\\u00e9\\U0001f600"');
});

test("quoteRune() and canBackquote()", () => {
  expect([0x27, 0x22, 0xd800].map((rune) => quoteRune(rune))).toEqual([
    "'\\''",
    "'\"'",
    `'${encodeText("\ufffd")}'`,
  ]);
  expect(["a\tb", "a`", "a\n", "\xff", encodeText("\ufeff"), encodeText("é")].map(canBackquote)).toEqual([
    true,
    false,
    false,
    false,
    false,
    true,
  ]);
});
