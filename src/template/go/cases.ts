/** Upper, lower and title case, and sprig's word cases, over byte strings (packages strings, goutils). */
import {
  isDigit,
  isLetter,
  isLower,
  isSpace,
  isTitle,
  isUpper,
  toLower,
  toTitle,
  toUpper,
} from "./unicode.ts";
import { encodeRune, encodeRunes, isAscii, mapRunes, runesOf } from "./utf8.ts";

/** strings.ToUpper. */
export function upperCase(text: string): string {
  return isAscii(text) ? text.toUpperCase() : mapRunes(text, toUpper);
}

/** strings.ToLower. */
export function lowerCase(text: string): string {
  return isAscii(text) ? text.toLowerCase() : mapRunes(text, toLower);
}

/** strings.Title: the first letter after what is neither letter, digit nor underscore (nor an apostrophe's follower). */
export function titleCase(text: string): string {
  let previous = 0x20;
  return mapRunes(text, (rune) => {
    const starts = isSeparator(previous);
    previous = rune;
    return starts ? toTitle(rune) : rune;
  });
}

/** The rule of strings.Title: ASCII but letters, digits and underscore separates; beyond ASCII only spaces do. */
function isSeparator(rune: number): boolean {
  if (rune <= 0x7f) return !/[0-9A-Za-z_]/.test(String.fromCharCode(rune));
  return !isLetter(rune) && !isDigit(rune) && isSpace(rune);
}

/** goutils.Uncapitalize: the first character of each word in lower case. */
export function uncapitalize(text: string): string {
  let starts = true;
  return encodeRunes(
    runesOf(text).map((rune) => {
      if (isSpace(rune)) {
        starts = true;
        return rune;
      }
      const mapped = starts ? toLower(rune) : rune;
      starts = false;
      return mapped;
    }),
  );
}

/** goutils.SwapCase: lower case for upper, upper for lower; a lower-case letter at a word's start gets title case. */
export function swapCase(text: string): string {
  let starts = true;
  return encodeRunes(
    runesOf(text).map((rune) => {
      if (isUpper(rune) || isTitle(rune)) {
        starts = false;
        return toLower(rune);
      }
      if (!isLower(rune)) {
        starts = isSpace(rune);
        return rune;
      }
      const mapped = starts ? toTitle(rune) : toUpper(rune);
      starts = false;
      return mapped;
    }),
  );
}

/** goutils.Initials: each word's first byte, taken for a character (so that what is not ASCII comes out mangled). */
export function initials(text: string): string {
  let afterGap = true;
  let first = "";
  for (let at = 0; at < text.length; at++) {
    const byte = text.charCodeAt(at);
    if (isSpace(byte)) afterGap = true;
    else if (afterGap) {
      first += encodeRune(byte);
      afterGap = false;
    }
  }
  return first;
}

/** goutils.DeleteWhiteSpace: bytes taken for characters; a string without spaces stays as it is. */
export function deleteSpaces(text: string): string {
  let kept = "";
  let dropped = false;
  for (let at = 0; at < text.length; at++) {
    const byte = text.charCodeAt(at);
    if (isSpace(byte)) dropped = true;
    else kept += encodeRune(byte);
  }
  return dropped ? kept : text;
}
