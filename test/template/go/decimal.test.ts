/** Decimal arithmetic and powers of ten, with Go's roundings. */
import { expect, test } from "bun:test";
import {
  addDecimals,
  decimalOf,
  divideDecimals,
  multiplyDecimals,
  subtractDecimals,
  toFloat,
} from "../../../src/template/go/decimal.ts";
import { powerOfTen } from "../../../src/template/go/power-of-ten.ts";

test("decimals reckon as on paper", () => {
  const [a, b] = [decimalOf(0.1), decimalOf(0.2)];
  expect(toFloat(addDecimals(a, b))).toBe(0.3);
  expect(toFloat(subtractDecimals(b, decimalOf(0.3)))).toBe(-0.1);
  expect(toFloat(multiplyDecimals(decimalOf(1.1), decimalOf(1.1)))).toBe(1.21);
  expect(toFloat(multiplyDecimals(decimalOf(1e300), decimalOf(1e300)))).toBe(Number.POSITIVE_INFINITY);
});

test("a quotient has 16 places, its last one rounded half away from zero", () => {
  expect(toFloat(divideDecimals(decimalOf(1), decimalOf(3)))).toBe(0.3333333333333333);
  expect(toFloat(divideDecimals(decimalOf(-2), decimalOf(3)))).toBe(-0.6666666666666667);
  expect(toFloat(divideDecimals(decimalOf(1e-16), decimalOf(2)))).toBe(1e-16);
  expect(() => divideDecimals(decimalOf(1), decimalOf(0))).toThrow("decimal division by 0");
  expect(() => decimalOf(Number.NaN)).toThrow("Cannot create a Decimal from NaN");
});

test("powerOfTen() rounds as Go's math.Pow", () => {
  expect([0, 2, -1, 22, 308, 309, -323, -400].map(powerOfTen)).toEqual([
    1,
    100,
    0.1,
    1e22,
    1.0000000000000006e308,
    Number.POSITIVE_INFINITY,
    1e-323,
    0,
  ]);
});
