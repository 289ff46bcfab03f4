/** Cuts text into words at changes of case, digits and punctuation (github.com/huandu/xstrings 1.5), over byte strings. */
import { isLetter, isNumber, isPunct, isSpace, isUpper } from "./unicode.ts";
import { type DecodedRune, decodeRune, runeError } from "./utf8.ts";

/** What a word is made of. `upper` words begin with a capital; `invalid` is what is no UTF-8, and the end. */
export type WordKind = "invalid" | "number" | "upper" | "alphabet" | "connector" | "punctuation" | "other";

/** The first word of a text and what follows it. */
export interface Word {
  kind: WordKind;
  text: string;
  rest: string;
}

/** Hyphen, underscore, white space. */
export function isConnector(rune: number): boolean {
  return rune === 0x2d || rune === 0x5f || isSpace(rune);
}

/** xstrings' nextWord. */
export function nextWord(text: string): Word {
  const { rune, size } = nextValidRune(text, 0, runeError);
  if (rune === runeError) return wordOf("invalid", text, size);
  if (isConnector(rune)) return wordOf("connector", text, skip(text, size, rune, isConnector));
  if (isPunct(rune)) return wordOf("punctuation", text, skip(text, size, rune, isPunct));
  if (isUpper(rune)) return wordOf("upper", text, upperWordEnd(text, size, rune));
  if (isAlphabet(rune)) return wordOf("alphabet", text, skip(text, size, rune, isSmall));
  if (isNumber(rune)) return wordOf("number", text, skip(text, size, rune, isNumber));
  return wordOf("other", text, skip(text, size, rune, isOther));
}

/** A capital with the small letters behind it, or all capitals but one that begins the next word ("HTTP" of "HTTPServer"). */
function upperWordEnd(text: string, start: number, first: number): number {
  if (start === text.length) return start;
  const second = nextValidRune(text, start, first);
  const afterSecond = start + second.size;
  if (!isUpper(second.rune)) {
    return isAlphabet(second.rune) ? skip(text, afterSecond, second.rune, isSmall) : start;
  }
  let [end, lastSize, rune] = [afterSecond, second.size, second.rune];
  while (end < text.length) {
    const next = nextValidRune(text, end, rune);
    rune = next.rune;
    if (!isUpper(rune)) break;
    end += next.size;
    lastSize = next.size;
  }
  return end < text.length && isAlphabet(rune) ? end - lastSize : end;
}

/** The place of the first character from `at` on that does not belong. */
function skip(text: string, at: number, first: number, belongs: (rune: number) => boolean): number {
  let [end, rune] = [at, first];
  while (end < text.length) {
    const next = nextValidRune(text, end, rune);
    rune = next.rune;
    if (!belongs(rune)) break;
    end += next.size;
  }
  return end;
}

/** The next character that is valid UTF-8, with the size of what is not before it; `previous` where none comes. */
function nextValidRune(text: string, at: number, previous: number): DecodedRune {
  let size = 0;
  while (at + size < text.length) {
    const read = decodeRune(text, at + size);
    size += read.size;
    if (read.rune !== runeError) return { rune: read.rune, size };
  }
  return { rune: previous, size };
}

function wordOf(kind: WordKind, text: string, end: number): Word {
  return { kind, text: text.slice(0, end), rest: text.slice(end) };
}

function isSmall(rune: number): boolean {
  return isAlphabet(rune) && !isUpper(rune);
}

function isOther(rune: number): boolean {
  return !isConnector(rune) && !isAlphabet(rune) && !isNumber(rune) && !isPunct(rune);
}

/** Letters but the Han ones, by the ranges that xstrings knows. */
function isAlphabet(rune: number): boolean {
  const isHan =
    (rune >= 0x4e00 && rune <= 0x9fcc) ||
    (rune >= 0x3400 && rune <= 0x4d85) ||
    (rune >= 0x20000 && rune <= 0x2b81d);
  return !isHan && isLetter(rune);
}
