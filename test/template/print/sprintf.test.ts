/** fmt.Sprintf, against rows that Go 1.24.4 printed (test/data/template/printf.json: formats and arguments at random). */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Budget } from "../../../src/template/budget.ts";
import { sprintf } from "../../../src/template/print/sprintf.ts";
import {
  bool,
  bytes,
  dict,
  float64,
  int,
  integer,
  list,
  nil,
  str,
  strings,
} from "../../../src/template/values/make.ts";
import type { Value } from "../../../src/template/values/model.ts";
import { uint8Type } from "../../../src/template/values/types.ts";

/** A value with its type: `i` int, `u8` uint8, `f` float64, `s` string, `by` []byte, `l` []any, `ls` []string, `m` map. */
type Argument =
  | null
  | boolean
  | { i: string }
  | { u8: number }
  | { f: string }
  | { s: string }
  | { by: string }
  | { l: Argument[] }
  | { ls: { s: string }[] }
  | { m: Record<string, Argument> };

const rows = JSON.parse(readFileSync(join(import.meta.dir, "../../data/template/printf.json"), "utf8")) as {
  format: string;
  args: Argument[];
  output: string;
}[];

function goValue(argument: Argument): Value {
  if (argument === null) return nil;
  if (typeof argument === "boolean") return bool(argument);
  if ("i" in argument) return int(BigInt(argument.i));
  if ("u8" in argument) return integer(argument.u8, uint8Type);
  if ("f" in argument) return float64(Number(argument.f.replace("Inf", "Infinity")));
  if ("s" in argument) return str(argument.s);
  if ("by" in argument) return bytes(argument.by);
  if ("l" in argument) return list(argument.l.map(goValue));
  if ("ls" in argument) return strings(argument.ls.map((each) => each.s));
  return dict(new Map(Object.entries(argument.m).map(([key, each]) => [key, goValue(each)])));
}

test("sprintf() prints what Go prints, faults of formats too", () => {
  expect(rows.length).toBe(420);
  for (const { format, args, output } of rows) {
    const printed = sprintf(new Budget(), format, args.map(goValue));
    expect([format, args, printed]).toEqual([format, args, output]);
  }
});

test("sprintf() prints floats of every size as Go does", () => {
  const rows: [format: string, x: number, output: string][] = [
    ["%v", 1e21, "1e+21"],
    ["%v", 100000, "100000"],
    ["%v", 1e6, "1e+06"],
    ["%v", -0, "-0"],
    ["%.0f", 2.5, "2"],
    ["%.0f", 3.5, "4"],
    ["%.3e", 5e-324, "4.941e-324"],
    ["%.20f", 0.1, "0.10000000000000000555"],
    ["%x", 1, "0x1p+00"],
    ["%b", 1, "4503599627370496p-52"],
    ["%#g", 1, "1.00000"],
    ["%06.1f", -1.25, "-001.2"],
    ["%5v", Number.NaN, "  NaN"],
    ["%05v", Number.POSITIVE_INFINITY, " +Inf"],
  ];
  for (const [format, x, output] of rows) {
    expect([format, x, sprintf(new Budget(), format, [float64(x)])]).toEqual([format, x, output]);
  }
});

test("sprintf() refuses what would be too long before it is made", () => {
  const format = "%1000000d".repeat(17);
  expect(() => sprintf(new Budget(), format, Array(17).fill(int(1)))).toThrow("bytes in one string");
});
