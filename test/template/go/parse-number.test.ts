/** Numbers read as package strconv reads them. */
import { expect, test } from "bun:test";
import { parseFloat64, parseInteger } from "../../../src/template/go/parse-number.ts";

const greatest = 2n ** 63n - 1n;

test("parseInteger() reads prefixes and underscores for base 0 only", () => {
  const rows: [text: string, base: 0 | 8 | 10, value: bigint, fault: "syntax" | "range" | undefined][] = [
    ["0x1F", 0, 31n, undefined],
    ["-0b11", 0, -3n, undefined],
    ["010", 0, 8n, undefined],
    ["010", 10, 10n, undefined],
    ["1_000", 0, 1000n, undefined],
    ["0x_1", 0, 1n, undefined],
    ["1_000", 10, 0n, "syntax"],
    ["1__0", 0, 0n, "syntax"],
    ["09", 0, 0n, "syntax"],
    ["0x", 0, 0n, "syntax"],
    ["", 10, 0n, "syntax"],
    ["+", 10, 0n, "syntax"],
    ["9223372036854775808", 10, greatest, "range"],
    ["-9223372036854775808", 10, -greatest - 1n, undefined],
    ["9".repeat(1000), 10, greatest, "range"],
    ["0".repeat(1000), 10, 0n, undefined],
  ];
  for (const [text, base, value, fault] of rows) {
    expect([text, base, parseInteger(text, base)]).toEqual([text, base, { value, fault }]);
  }
});

test("parseFloat64() reads hexadecimal floats, infinities and underscores, and nothing too great", () => {
  const rows: [text: string, value: number | undefined][] = [
    ["1e3", 1000],
    ["-.5", -0.5],
    ["1.", 1],
    ["0x1p-2", 0.25],
    ["0x1.8p1", 3],
    ["1_000.5", 1000.5],
    ["+Inf", Number.POSITIVE_INFINITY],
    ["-infinity", Number.NEGATIVE_INFINITY],
    ["0x10", undefined],
    ["1e400", undefined],
    [".", undefined],
    ["1e", undefined],
    ["_1", undefined],
    [" 1", undefined],
  ];
  for (const [text, value] of rows) expect([text, parseFloat64(text)]).toEqual([text, value]);
});
