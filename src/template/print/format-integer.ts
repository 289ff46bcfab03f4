/** Integers by fmt's verbs. */

import { quoteRune } from "../go/quote.ts";
import { isPrint } from "../go/unicode.ts";
import { encodeRune, maxRune, runeError } from "../go/utf8.ts";
import { pad, padding, type Spec } from "./spec.ts";

/** The integer by the verb, or undefined where the verb is none for integers. */
export function formatInteger(value: bigint, unsigned: boolean, spec: Spec): string | undefined {
  switch (spec.verb) {
    case "v":
      return spec.sharpV && unsigned
        ? formatDigits(value, 16, { ...spec, sharp: true })
        : formatDigits(value, 10, spec);
    case "d":
      return formatDigits(value, 10, spec);
    case "b":
      return formatDigits(value, 2, spec);
    case "o":
    case "O":
      return formatDigits(value, 8, spec);
    case "x":
    case "X":
      return formatDigits(value, 16, spec);
    case "c":
      return pad(encodeRune(toRune(value)), spec);
    case "q":
      return pad(quoteRune(toRune(value), spec.plus), spec);
    case "U":
      return formatCodePoint(BigInt.asUintN(64, value), spec);
    default:
      return undefined;
  }
}

/** Digits of a base with sign, prefix and padding. The verbs O and X show; a precision of 0 hides a 0. */
export function formatDigits(value: bigint, base: 2 | 8 | 10 | 16, spec: Spec): string {
  const noZeros = { ...spec, zero: false };
  if (spec.precision === 0 && value === 0n) return padding(spec.width ?? 0, noZeros);
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString(base).padStart(leastDigits(negative, spec), "0");
  const sign = negative ? "-" : spec.plus ? "+" : spec.space ? " " : "";
  const written = sign + prefixOf(digits, base, spec) + digits;
  return pad(spec.verb === "X" ? written.toUpperCase() : written, noZeros);
}

/** "Two ways to ask for extra leading zero digits: %.3d or %03d"; the first one wins (fmt). */
function leastDigits(negative: boolean, spec: Spec): number {
  if (spec.precision !== undefined) return spec.precision;
  if (!spec.zero || spec.minus || spec.width === undefined) return 0;
  return negative || spec.plus || spec.space ? spec.width - 1 : spec.width;
}

function prefixOf(digits: string, base: number, spec: Spec): string {
  const octal = spec.verb === "O" ? "0o" : "";
  if (!spec.sharp) return octal;
  if (base === 2) return "0b";
  if (base === 16) return "0x";
  return base === 8 && !digits.startsWith("0") ? `${octal}0` : octal;
}

function formatCodePoint(value: bigint, spec: Spec): string {
  const digits = value
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(spec.precision ?? 0, 4), "0");
  const shown =
    spec.sharp && value <= maxRune && isPrint(Number(value)) ? ` '${encodeRune(Number(value))}'` : "";
  return pad(`U+${digits}${shown}`, { ...spec, zero: false });
}

function toRune(value: bigint): number {
  const wide = BigInt.asUintN(64, value);
  return wide > BigInt(maxRune) ? runeError : Number(wide);
}
