/** Finds where a number in a template ends; whether it is one, the conversion says (parse/lex.go, scanNumber). */
import { isDigit, isLetter } from "../go/unicode.ts";
import { decodeRune } from "../go/utf8.ts";

const bases: readonly [start: RegExp, digits: RegExp, exponent: RegExp | undefined][] = [
  [/0[xX]/y, /[0-9a-fA-F_]*/y, /[pP][-+]?[0-9_]*/y],
  [/0[oO]/y, /[0-7_]*/y, undefined],
  [/0[bB]/y, /[01_]*/y, undefined],
  [/0?/y, /[0-9_]*/y, /[eE][-+]?[0-9_]*/y],
];

/**
 * Passes sign, base, digits, fraction, exponent and the `i` of an imaginary number.
 * @returns where it ends; not `ok`, and one character further, when a letter or digit follows
 */
export function scanNumber(source: string, from: number): { end: number; ok: boolean } {
  let at = from;
  const pass = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.exec(source)?.[0] ?? "";
    at += found.length;
    return found !== "";
  };
  pass(/[-+]/y);
  for (const [start, digits, exponent] of bases) {
    start.lastIndex = at;
    if (!start.test(source)) continue;
    pass(start);
    pass(digits);
    if (pass(/\./y)) pass(digits);
    if (exponent !== undefined) pass(exponent);
    break;
  }
  pass(/i/y);
  if (at >= source.length) return { end: at, ok: true };
  const { rune, size } = decodeRune(source, at);
  const follows = rune === 0x5f || isLetter(rune) || isDigit(rune);
  return { end: follows ? at + size : at, ok: !follows };
}
