/** Levels of compression as the command line gives them. */
import { describe, expect, test } from "bun:test";
import { parseLevel } from "../../../src/commands/mirror/medium-flags.ts";

describe("parseLevel()", () => {
  test.each([
    ["1", "zstd", 1],
    ["22", "zstd", 22],
    ["9", "gzip", 9],
  ] as const)("takes %p of %s", (text, packing, level) => expect(parseLevel(text, packing)).toBe(level));

  const bad: [string, "gzip" | "zstd", string][] = [
    ["0", "gzip", "stored is no compression"],
    ["10", "gzip", "pigz has more, the format's usual programs do not"],
    ["23", "zstd", "beyond the highest"],
    ["-5", "zstd", "the quick ones below 1 are not offered"],
    ["3.0", "zstd", "no whole number"],
    ["1e1", "zstd", "no digits alone"],
    ["", "gzip", "nothing"],
  ];
  for (const [text, packing, reason] of bad) {
    test(`refuses ${JSON.stringify(text)} of ${packing}: ${reason}`, () => {
      expect(() => parseLevel(text, packing)).toThrow(
        `as --compression-level: want a whole number from 1 to`,
      );
    });
  }
});
