/** Go's quoted strings and characters (package strconv), over byte strings. */
import { isPrint } from "./unicode.ts";
import { decodeRune, encodeRune, isValidRune, runeError } from "./utf8.ts";

const named: Readonly<Record<number, string>> = {
  7: "\\a",
  8: "\\b",
  9: "\\t",
  10: "\\n",
  11: "\\v",
  12: "\\f",
  13: "\\r",
};

/** strconv.Quote, or strconv.QuoteToASCII where `asciiOnly`: in double quotes, what is not printable escaped. */
export function quote(bytes: string, asciiOnly = false): string {
  let quoted = '"';
  for (let at = 0; at < bytes.length; ) {
    const { rune, size } = decodeRune(bytes, at);
    quoted +=
      rune === runeError && size === 1
        ? `\\x${hex(bytes.charCodeAt(at), 2)}`
        : escapeRune(rune, 0x22, asciiOnly);
    at += size;
  }
  return `${quoted}"`;
}

/** strconv.QuoteRune, or strconv.QuoteRuneToASCII: in single quotes; a number that is no character gives U+FFFD. */
export function quoteRune(rune: number, asciiOnly = false): string {
  return `'${escapeRune(isValidRune(rune) ? rune : runeError, 0x27, asciiOnly)}'`;
}

/** strconv.CanBackquote: whether the string stands unchanged between backquotes on one line. */
export function canBackquote(bytes: string): boolean {
  for (let at = 0; at < bytes.length; ) {
    const { rune, size } = decodeRune(bytes, at);
    at += size;
    if (size > 1) {
      if (rune === 0xfeff) return false;
    } else if (rune === runeError || (rune < 0x20 && rune !== 9) || rune === 0x60 || rune === 0x7f) {
      return false;
    }
  }
  return true;
}

function escapeRune(rune: number, mark: number, asciiOnly: boolean): string {
  if (rune === mark || rune === 0x5c) return `\\${String.fromCharCode(rune)}`;
  if (isPrint(rune) && (!asciiOnly || rune < 0x80)) return encodeRune(rune);
  const name = named[rune];
  if (name !== undefined) return name;
  if (rune < 0x20 || rune === 0x7f) return `\\x${hex(rune, 2)}`;
  return rune < 0x10000 ? `\\u${hex(rune, 4)}` : `\\U${hex(rune, 8)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
