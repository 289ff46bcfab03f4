/** Go's character classes and simple case mappings (package unicode, Unicode 15.0), over code points. */

import { isValidRune } from "./utf8.ts";

/**
 * Characters given out after Unicode 15.0, as hexadecimal ranges: the runtime's tables know them, Go 1.24's do not.
 * Source: unicode.Version of Go 1.24, compared code point by code point with the runtime's Unicode 17.
 */
const givenOutLater =
  "88f 897 c5c cdc 1acf-1add 1ae0-1aeb 1b4e-1b4f 1b7f 1c89-1c8a 20c1 2427-2429 2b96 2ffc-2fff " +
  "31e4-31e5 31ef a7cb-a7cf a7d2 a7d4 a7da-a7dc a7f1 fbc3-fbd2 fd90-fd91 fdc8-fdce 105c0-105f3 " +
  "10940-10959 10d40-10d65 10d69-10d85 10d8e-10d8f 10ec2-10ec7 10ed0-10ed8 10efa-10efc 11380-11389 " +
  "1138b 1138e 11390-113b5 113b7-113c0 113c2 113c5 113c7-113ca 113cc-113d5 113d7-113d8 113e1-113e2 " +
  "116d0-116e3 11b60-11b67 11bc0-11be1 11bf0-11bf9 11db0-11ddb 11de0-11de9 11f5a 13460-143fa " +
  "16100-16139 16d40-16d79 16ea0-16eb8 16ebb-16ed3 16ff2-16ff6 187f8-187ff 18cff 18d09-18d1e " +
  "18d80-18df2 1cc00-1ccfc 1cd00-1ceb3 1ceba-1ced0 1cee0-1cef0 1e5d0-1e5fa 1e5ff 1e6c0-1e6de " +
  "1e6e0-1e6f5 1e6fe-1e6ff 1f6d8 1f777-1f77a 1f8b2-1f8bb 1f8c0-1f8c1 1f8d0-1f8d8 1fa54-1fa57 " +
  "1fa89-1fa8a 1fa8e-1fa8f 1fabe 1fac6 1fac8 1facd 1fadc 1fadf 1fae9-1faea 1faef 1fbcb-1fbef 1fbfa " +
  "2b73a-2b73f 2cea2-2cead 2ebf0-2ee5d 323b0-33479";

/** The one old character whose class changed later: it was a lower-case letter and is now one without case. */
const wasLower = 0x295;

const laterRanges: readonly (readonly [number, number])[] = givenOutLater.split(" ").map((range) => {
  const [from = "", to = from] = range.split("-");
  return [Number.parseInt(from, 16), Number.parseInt(to, 16)];
});

const firstLater = laterRanges[0]?.[0] ?? 0;

const asciiTexts: readonly string[] = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code));

function isLater(rune: number): boolean {
  return rune >= firstLater && laterRanges.some(([from, to]) => rune >= from && rune <= to);
}

function inClass(pattern: RegExp, rune: number): boolean {
  if (rune < 0x80) return pattern.test(asciiTexts[rune] ?? "");
  return isValidRune(rune) && pattern.test(String.fromCodePoint(rune)) && !isLater(rune);
}

function isAsciiCapital(rune: number): boolean {
  return rune >= 0x41 && rune <= 0x5a;
}

function isAsciiSmall(rune: number): boolean {
  return rune >= 0x61 && rune <= 0x7a;
}

/** unicode.IsLetter: category L. */
export function isLetter(rune: number): boolean {
  if (rune < 0x80) return isAsciiCapital(rune) || isAsciiSmall(rune);
  return inClass(/\p{L}/u, rune);
}

/** unicode.IsUpper: category Lu. */
export function isUpper(rune: number): boolean {
  if (rune < 0x80) return isAsciiCapital(rune);
  return inClass(/\p{Lu}/u, rune);
}

/** unicode.IsLower: category Ll. */
export function isLower(rune: number): boolean {
  if (rune < 0x80) return isAsciiSmall(rune);
  return rune === wasLower || inClass(/\p{Ll}/u, rune);
}

/** unicode.IsTitle: category Lt. */
export function isTitle(rune: number): boolean {
  return inClass(/\p{Lt}/u, rune);
}

/** unicode.IsPunct: category P. */
export function isPunct(rune: number): boolean {
  return inClass(/\p{P}/u, rune);
}

/** unicode.IsNumber: category N. */
export function isNumber(rune: number): boolean {
  return inClass(/\p{N}/u, rune);
}

/** unicode.IsDigit: category Nd. */
export function isDigit(rune: number): boolean {
  return inClass(/\p{Nd}/u, rune);
}

/** unicode.IsSpace: the property White_Space (U+0085 and U+00A0 among them, U+FEFF not). */
export function isSpace(rune: number): boolean {
  if (rune < 0x80) return rune === 0x20 || (rune >= 9 && rune <= 13);
  return inClass(/\p{White_Space}/u, rune);
}

/** strconv.IsPrint: letters, marks, numbers, punctuation, symbols, and the space U+0020. */
export function isPrint(rune: number): boolean {
  if (rune < 0x7f) return rune >= 0x20;
  return inClass(/[\p{L}\p{M}\p{N}\p{P}\p{S}]/u, rune);
}

/** unicode.ToUpper: the simple mapping, one code point to one (ß stays ß). */
export function toUpper(rune: number): number {
  if (rune < 0x80) return isAsciiSmall(rune) ? rune - 32 : rune;
  return simple(rune, (text) => text.toUpperCase(), upperWithIota);
}

/** unicode.ToLower: the simple mapping, one code point to one. */
export function toLower(rune: number): number {
  if (rune < 0x80) return isAsciiCapital(rune) ? rune + 32 : rune;
  return simple(
    rune,
    (text) => text.toLowerCase(),
    (dotted) => (dotted === 0x130 ? 0x69 : dotted),
  );
}

/** unicode.ToTitle: upper case but for the letter pairs (U+01C4 and the like) and the Georgian letters. */
export function toTitle(rune: number): number {
  if (rune >= 0x1c4 && rune <= 0x1cc) return 0x1c5 + 3 * Math.floor((rune - 0x1c4) / 3);
  if (rune >= 0x1f1 && rune <= 0x1f3) return 0x1f2;
  return rune >= 0x10d0 && rune <= 0x10ff ? rune : toUpper(rune);
}

/** The runtime's full mapping where it is one character, else what `special` says of the rune. */
function simple(rune: number, map: (text: string) => string, special: (rune: number) => number): number {
  if (!isValidRune(rune) || isLater(rune)) return rune;
  const [first, second] = map(String.fromCodePoint(rune));
  if (first === undefined || second !== undefined) return special(rune);
  const mapped = first.codePointAt(0) ?? rune;
  return isLater(mapped) ? rune : mapped;
}

/** Greek letters with iota subscript: their full upper case is two letters, the simple one has a code point of its own. */
function upperWithIota(rune: number): number {
  if (rune >= 0x1f80 && rune <= 0x1faf) return rune | 8;
  return rune === 0x1fb3 || rune === 0x1fc3 || rune === 0x1ff3 ? rune + 9 : rune;
}
