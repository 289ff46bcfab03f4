/** Functions that reckon with 64-bit integers, and those that make numbers of what is none. */
import { GoPanic } from "../go/go-error.ts";
import { parseInteger } from "../go/parse-number.ts";
import { formatValue } from "../print/printer.ts";
import { define, defineWithBudget } from "../values/define.ts";
import { toFloat64, toInt64 } from "./cast.ts";

const two = "func(any, any) int64";
const oneAndMore = "func(any, ...any) int64";

/** What makes numbers of values. */
export const conversionFunctions = [
  define("atoi", "func(string) int", (text) => parseInteger(text, 10).value),
  define("int", "func(any) int", toInt64),
  define("int64", "func(any) int64", toInt64),
  define("float64", "func(any) float64", toFloat64),
  defineWithBudget("toDecimal", "func(any) int64", (budget, value) => {
    const { value: number, fault } = parseInteger(formatValue(budget, value), 8);
    return fault === undefined ? number : 0n;
  }),
];

/** 64-bit arithmetic and randInt. */
export const integerFunctions = [
  define("add", "func(...any) int64", (...values) =>
    wrapped(values.reduce((sum, each) => sum + toInt64(each), 0n)),
  ),
  define("add1", "func(any) int64", (value) => wrapped(toInt64(value) + 1n)),
  define("sub", two, (a, b) => wrapped(toInt64(a) - toInt64(b))),
  define("mul", oneAndMore, (first, ...rest) =>
    rest.reduce((product, each) => wrapped(product * toInt64(each)), toInt64(first)),
  ),
  define("div", two, (a, b) => wrapped(toInt64(a) / divisor(toInt64(b)))),
  define("mod", two, (a, b) => wrapped(toInt64(a) % divisor(toInt64(b)))),
  ...["max", "biggest"].map((name) =>
    define(name, oneAndMore, (first, ...rest) => rest.map(toInt64).reduce(greater, toInt64(first))),
  ),
  define("min", oneAndMore, (first, ...rest) => rest.map(toInt64).reduce(smaller, toInt64(first))),
  define("randInt", "func(int, int) int", randomInteger),
];

/** Go's int64 arithmetic wraps around. */
function wrapped(number: bigint): bigint {
  return BigInt.asIntN(64, number);
}

function greater(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

function divisor(number: bigint): bigint {
  if (number === 0n) throw new GoPanic("runtime error: integer divide by zero");
  return number;
}

/** At least `low`, less than `high`, another one each time. */
function randomInteger(low: number, high: number): number {
  if (high - low <= 0) throw new GoPanic("invalid argument to Intn");
  return low + Math.floor(Math.random() * (high - low));
}
