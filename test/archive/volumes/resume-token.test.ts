/** What a run that stops between two volumes prints, and what becomes of one that was copied wrong. */
import { describe, expect, test } from "bun:test";
import { checkToken, formatToken, parseToken } from "../../../src/archive/volumes/resume-token.ts";

const set = "0123456789abcdef";
const plain = { volume: 2, offset: 98_304, frame: { plain: 98_304, packed: 98_304 } };
const packed = { volume: 12, offset: 1_048_576, frame: { plain: 8_388_608, packed: 1_000_000 } };

describe("a token", () => {
  for (const start of [plain, packed]) {
    test(`${formatToken(set, start)} is read back`, () => {
      const token = parseToken(formatToken(set, start), "--resume-volume");
      expect(token).toMatchObject(start);
      expect(() => checkToken(token, set)).not.toThrow();
    });
  }

  test("with any digit changed is refused, and so is that of another set", () => {
    const text = formatToken(set, packed);
    for (const [at, character] of [...text].entries()) {
      if (!/[0-9]/.test(character)) continue;
      const other = `${text.slice(0, at)}${(Number(character) + 1) % 10}${text.slice(at + 1)}`;
      expect(() => checkToken(parseToken(other, "--resume-volume"), set)).toThrow("which this run writes");
    }
    expect(() => checkToken(parseToken(text, "--resume-volume"), "fedcba9876543210")).toThrow(
      "set fedcba9876543210",
    );
  });

  test.each(["", "2", "2:98304", "1:0:00000000", "2:x:00000000", "2:1:2:00000000", "2:98304:0000000g"])(
    "%p is none",
    (text) => {
      expect(() => parseToken(text, "--resume-volume")).toThrow("as --resume-volume: it is none");
    },
  );
});
