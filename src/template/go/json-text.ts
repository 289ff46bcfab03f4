/** Strings and numbers as Go's encoding/json writes them. */

import { decodeRune, runeError } from "./utf8.ts";

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/**
 * A byte string as JSON string. What is not valid UTF-8 becomes `\ufffd`; U+2028 and U+2029 are always escaped.
 *
 * @param escapeHtml also `<`, `>` and `&`
 */
export function jsonString(bytes: string, escapeHtml: boolean): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const { rune, size } = decodeRune(bytes, at);
    text += escapeRune(bytes.slice(at, at + size), rune, escapeHtml);
    at += size;
  }
  return `"${text}"`;
}

/** A finite float64 as JSON number, in ECMAScript's form but for the zero below zero. */
export function jsonNumber(number: number): string {
  return Object.is(number, -0) ? "-0" : String(number);
}

function escapeRune(bytes: string, rune: number, escapeHtml: boolean): string {
  const short = shortEscapes[bytes];
  if (short !== undefined) return short;
  const isHtml = escapeHtml && (bytes === "<" || bytes === ">" || bytes === "&");
  const isBroken = rune === runeError && bytes.length === 1;
  // U+2028 and U+2029 end a line in JavaScript.
  if (rune >= 0x20 && !isHtml && !isBroken && rune !== 0x2028 && rune !== 0x2029) return bytes;
  return `\\u${rune.toString(16).padStart(4, "0")}`;
}
