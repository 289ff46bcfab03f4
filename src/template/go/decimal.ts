/** Decimal arithmetic as sprig's float functions do it (github.com/shopspring/decimal). */
import { formatFloat } from "./format-float.ts";
import { GoPanic } from "./go-error.ts";

/** The number `value` times ten to the power `exponent`. */
export interface Decimal {
  readonly value: bigint;
  readonly exponent: number;
}

/** Digits after the point of a quotient that does not come out even: decimal.DivisionPrecision. */
const divisionPrecision = 16;

/** decimal.NewFromFloat: the shortest digits that give the float back. Throws {@link GoPanic} on NaN and infinities. */
export function decimalOf(x: number): Decimal {
  if (!Number.isFinite(x)) throw new GoPanic(`Cannot create a Decimal from ${formatFloat(x, "g")}`);
  if (x === 0) return { value: 0n, exponent: 0 };
  const [mantissa = "0", power = "0"] = x.toExponential().split("e");
  const fraction = mantissa.split(".")[1] ?? "";
  return { value: BigInt(mantissa.replace(".", "")), exponent: Number(power) - fraction.length };
}

/** Decimal.Float64: the nearest float. */
export function toFloat({ value, exponent }: Decimal): number {
  return Number(`${value}e${exponent}`);
}

/** Decimal.Add. */
export function addDecimals(left: Decimal, right: Decimal): Decimal {
  const exponent = Math.min(left.exponent, right.exponent);
  return { value: scaled(left, exponent) + scaled(right, exponent), exponent };
}

/** Decimal.Sub. */
export function subtractDecimals(left: Decimal, right: Decimal): Decimal {
  return addDecimals(left, { value: -right.value, exponent: right.exponent });
}

/** Decimal.Mul. */
export function multiplyDecimals(left: Decimal, right: Decimal): Decimal {
  return { value: left.value * right.value, exponent: left.exponent + right.exponent };
}

/** Decimal.Div: to {@link divisionPrecision} places, half away from zero. Throws {@link GoPanic} where `right` is 0. */
export function divideDecimals(left: Decimal, right: Decimal): Decimal {
  if (right.value === 0n) throw new GoPanic("decimal division by 0");
  const shift = left.exponent - right.exponent + divisionPrecision;
  const above = shift >= 0 ? left.value * 10n ** BigInt(shift) : left.value;
  const below = shift >= 0 ? right.value : right.value * 10n ** BigInt(-shift);
  const quotient = above / below;
  const rest = magnitude(above % below) * 2n;
  const step = rest < magnitude(below) ? 0n : above < 0n === below < 0n ? 1n : -1n;
  return { value: quotient + step, exponent: -divisionPrecision };
}

function scaled({ value, exponent }: Decimal, to: number): bigint {
  return value * 10n ** BigInt(exponent - to);
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
