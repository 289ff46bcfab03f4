/** Functions that reckon with floats; sums and products go through decimals, so that 0.1 and 0.2 make 0.3. */
import {
  addDecimals,
  type Decimal,
  decimalOf,
  divideDecimals,
  multiplyDecimals,
  subtractDecimals,
  toFloat,
} from "../go/decimal.ts";
import { powerOfTen } from "../go/power-of-ten.ts";
import { define } from "../values/define.ts";
import type { Value } from "../values/model.ts";
import { toFloat64 } from "./cast.ts";

const one = "func(any) float64";
const oneAndMore = "func(any, ...any) float64";

/** Float arithmetic and rounding. */
export const floatFunctions = [
  define("addf", "func(...any) float64", (...values) => reckon(0, values.map(toFloat64), addDecimals)),
  define("add1f", one, (value) => reckon(toFloat64(value), [1], addDecimals)),
  define("subf", oneAndMore, (first, ...rest) => reckonValues(first, rest, subtractDecimals)),
  define("mulf", oneAndMore, (first, ...rest) => reckonValues(first, rest, multiplyDecimals)),
  define("divf", oneAndMore, (first, ...rest) => reckonValues(first, rest, divideDecimals)),
  define("maxf", oneAndMore, (first, ...rest) => rest.map(toFloat64).reduce(greater, toFloat64(first))),
  define("minf", oneAndMore, (first, ...rest) => rest.map(toFloat64).reduce(smaller, toFloat64(first))),
  define("ceil", one, (value) => Math.ceil(toFloat64(value))),
  define("floor", one, (value) => Math.floor(toFloat64(value))),
  define("round", "func(any, int, ...float64) float64", (value, places, roundOn = 0.5) =>
    round(toFloat64(value), places, roundOn),
  ),
];

function reckonValues(
  first: Value,
  rest: readonly Value[],
  operation: (a: Decimal, b: Decimal) => Decimal,
): number {
  return reckon(toFloat64(first), rest.map(toFloat64), operation);
}

function reckon(
  first: number,
  rest: readonly number[],
  operation: (a: Decimal, b: Decimal) => Decimal,
): number {
  return toFloat(rest.reduce((result, each) => operation(result, decimalOf(each)), decimalOf(first)));
}

/** math.Max: +Inf wins over NaN. */
function greater(a: number, b: number): number {
  return a === Number.POSITIVE_INFINITY || b === Number.POSITIVE_INFINITY
    ? Number.POSITIVE_INFINITY
    : Math.max(a, b);
}

/** math.Min: -Inf wins over NaN. */
function smaller(a: number, b: number): number {
  return a === Number.NEGATIVE_INFINITY || b === Number.NEGATIVE_INFINITY
    ? Number.NEGATIVE_INFINITY
    : Math.min(a, b);
}

/** Up where what is left after the last place is at least `roundOn`; so negative numbers always go down. */
function round(x: number, places: number, roundOn: number): number {
  const power = powerOfTen(places);
  const shifted = power * x;
  return (shifted % 1 >= roundOn ? Math.ceil(shifted) : Math.floor(shifted)) / power;
}
