/** Go's quoted strings and characters back into bytes (strconv.Unquote, strconv.UnquoteChar). */
import { decodeRune, encodeRune, isValidRune } from "./utf8.ts";

const simple: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
};

interface Unquoted {
  /** The bytes it stands for. */
  bytes: string;
  /** The code point, or the byte of `\x` and octal escapes. */
  rune: number;
  /** Where the next character begins. */
  end: number;
}

/**
 * The bytes of a string in double quotes or backquotes, quotes included; undefined where Go says `invalid syntax`.
 * @param text a byte string
 */
export function unquote(text: string): string | undefined {
  const mark = text[0];
  if (text.length < 2 || mark !== text.at(-1)) return undefined;
  const inside = text.slice(1, -1);
  if (mark === "`") return inside.includes("`") ? undefined : inside.replaceAll("\r", "");
  if (mark !== '"' || inside.includes("\n")) return undefined;
  let bytes = "";
  for (let at = 0; at < inside.length; ) {
    const read = unquoteCharacter(inside, at, mark);
    if (read === undefined) return undefined;
    bytes += read.bytes;
    at = read.end;
  }
  return bytes;
}

/** One character or escape at `at`; undefined where Go says `invalid syntax`. @param mark the quote around it */
export function unquoteCharacter(text: string, at: number, mark: string): Unquoted | undefined {
  const char = text[at];
  if (char === undefined || char === mark) return undefined;
  if (char !== "\\") {
    const { rune, size } = decodeRune(text, at);
    return { bytes: text.slice(at, at + size), rune, end: at + size };
  }
  const letter = text[at + 1];
  if (letter === undefined) return undefined;
  const known = simple[letter] ?? (letter === mark ? mark : undefined);
  if (known !== undefined) return { bytes: known, rune: known.charCodeAt(0), end: at + 2 };
  return unquoteNumber(text, at);
}

function unquoteNumber(text: string, at: number): Unquoted | undefined {
  const pattern = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/y;
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [all, byte, short, long, octal] = match;
  const end = at + all.length;
  if (short !== undefined || long !== undefined) {
    const rune = Number.parseInt(short ?? long ?? "", 16);
    return isValidRune(rune) ? { bytes: encodeRune(rune), rune, end } : undefined;
  }
  const value = byte === undefined ? Number.parseInt(octal ?? "", 8) : Number.parseInt(byte, 16);
  return value > 255 ? undefined : { bytes: String.fromCharCode(value), rune: value, end };
}
