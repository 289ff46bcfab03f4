/** UTF-8 over byte strings: the room's strings hold one byte (0..255) a character, as Go's strings do. */

/** What Go gives for a byte that belongs to no valid character: U+FFFD, width 1 (package unicode/utf8). */
export const runeError = 0xfffd;

/** The greatest code point. */
export const maxRune = 0x10ffff;

/** One character read from a byte string: its code point and the bytes it takes. `size` is 0 at the end of the string. */
export interface DecodedRune {
  rune: number;
  size: number;
}

const chunkCharacters = 8192;

/** The UTF-8 bytes of a JS text, one a character; lone surrogates become U+FFFD. */
export function encodeText(text: string): string {
  return isAscii(text) ? text : bytesToString(new TextEncoder().encode(text));
}

/** The JS text of UTF-8 bytes; each byte that is not valid becomes U+FFFD, as in Go, a leading byte order mark stays. */
export function decodeText(bytes: string): string {
  if (isAscii(bytes)) return bytes;
  // TextDecoder makes one U+FFFD out of several bytes of a character that is cut off
  if (!isValidUtf8(bytes)) return Array.from(runesOf(bytes), (rune) => String.fromCodePoint(rune)).join("");
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(stringToBytes(bytes));
}

/** A byte array as byte string. */
export function bytesToString(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += chunkCharacters) {
    text += String.fromCharCode(...bytes.subarray(at, at + chunkCharacters));
  }
  return text;
}

/** A byte string as byte array (a copy). */
export function stringToBytes(bytes: string): Uint8Array<ArrayBuffer> {
  const array = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at++) array[at] = bytes.charCodeAt(at);
  return array;
}

/** Whether every byte is below 0x80, so that bytes and characters are the same. */
export function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return false;
  return true;
}

/** The character that begins at byte `at` (default 0); a bad one is {@link runeError} of size 1. */
export function decodeRune(bytes: string, at = 0): DecodedRune {
  if (at >= bytes.length) return { rune: runeError, size: 0 };
  const first = bytes.charCodeAt(at);
  if (first < 0x80) return { rune: first, size: 1 };
  const size = sequenceLength(first);
  if (size === 0 || at + size > bytes.length) return { rune: runeError, size: 1 };
  let rune = first & (0x7f >> size);
  for (let next = at + 1; next < at + size; next++) {
    const byte = bytes.charCodeAt(next);
    if ((byte & 0xc0) !== 0x80) return { rune: runeError, size: 1 };
    rune = (rune << 6) | (byte & 0x3f);
  }
  return isShortest(rune, size) && isValidRune(rune) ? { rune, size } : { rune: runeError, size: 1 };
}

/** The character that ends at the end of the string, or before byte `end`; a bad one is {@link runeError} of size 1. */
export function decodeLastRune(bytes: string, end = bytes.length): DecodedRune {
  if (end <= 0) return { rune: runeError, size: 0 };
  for (let start = end - 1; start >= Math.max(0, end - 4); start--) {
    if ((bytes.charCodeAt(start) & 0xc0) === 0x80) continue;
    const read = decodeRune(bytes, start);
    return start + read.size === end ? read : { rune: runeError, size: 1 };
  }
  return { rune: runeError, size: 1 };
}

/** The code points of a byte string, as Go's `[]rune(s)`. */
export function runesOf(bytes: string): number[] {
  const runes: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { rune, size } = decodeRune(bytes, at);
    runes.push(rune);
    at += size;
  }
  return runes;
}

/** How many characters a byte string has, as Go's `utf8.RuneCountInString`. */
export function runeCount(bytes: string): number {
  let count = 0;
  for (let at = 0; at < bytes.length; count++) at += decodeRune(bytes, at).size;
  return count;
}

/** The UTF-8 bytes of one code point, as Go's `string(rune)`: anything that is no character gives U+FFFD. */
export function encodeRune(rune: number): string {
  const code = isValidRune(rune) ? rune : runeError;
  if (code < 0x80) return String.fromCharCode(code);
  if (code < 0x800) return String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
  if (code < 0x10000) {
    return String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
  }
  return String.fromCharCode(
    0xf0 | (code >> 18),
    0x80 | ((code >> 12) & 0x3f),
    0x80 | ((code >> 6) & 0x3f),
    0x80 | (code & 0x3f),
  );
}

/** The UTF-8 bytes of code points, as Go's `string([]rune)`. */
export function encodeRunes(runes: Iterable<number>): string {
  let bytes = "";
  for (const rune of runes) bytes += encodeRune(rune);
  return bytes;
}

/** Whether the bytes are valid UTF-8 throughout. */
export function isValidUtf8(bytes: string): boolean {
  for (let at = 0; at < bytes.length; ) {
    const { rune, size } = decodeRune(bytes, at);
    if (rune === runeError && size === 1) return false;
    at += size;
  }
  return true;
}

/** Whether a number is a code point that UTF-8 may carry: in range and no surrogate half. */
export function isValidRune(rune: number): boolean {
  return (rune >= 0 && rune < 0xd800) || (rune > 0xdfff && rune <= maxRune);
}

/** The byte string with each character passed through `map`, which works on code points; -1 drops it. */
export function mapRunes(bytes: string, map: (rune: number) => number): string {
  let mapped = "";
  for (let at = 0; at < bytes.length; ) {
    const { rune, size } = decodeRune(bytes, at);
    const result = map(rune);
    if (result >= 0) mapped += encodeRune(result);
    at += size;
  }
  return mapped;
}

function sequenceLength(first: number): number {
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

function isShortest(rune: number, size: number): boolean {
  if (size === 3) return rune >= 0x800;
  return size === 4 ? rune >= 0x10000 : true;
}
