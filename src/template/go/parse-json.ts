/** Reads JSON as Go's encoding/json does into an `any`, with its complaints. */

import { GoError } from "./go-error.ts";
import { quote } from "./quote.ts";
import { decodeText, encodeRune, encodeText } from "./utf8.ts";

/** What JSON text stands for; strings are byte strings. */
export type Json = null | boolean | number | string | Json[] | Map<string, Json>;

/** A value, and the first fault that left it incomplete: a number beyond float64, which Go reads as null. */
export interface ParsedJson {
  value: Json;
  fault: GoError | undefined;
}

const escapes: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  "\\": "\\",
  "/": "/",
  '"': '"',
};

/** Places where a space is a fault. */
const noSpace = /^(?:in literal|in numeric|in exponent|after decimal|in string escape|in \\u)/;

/**
 * Reads one JSON value.
 *
 * @param maxDepth lists and objects within each other
 * @throws GoError `invalid character 'x' ...` or `unexpected end of JSON input`
 */
export function parseJson(text: string, maxDepth: number): ParsedJson {
  return new JsonReader(text, maxDepth).readAll();
}

class JsonReader {
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;
  #fault: GoError | undefined;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  readAll(): ParsedJson {
    const value = this.#readValue(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#unexpected("after top-level value");
    return { value, fault: this.#fault };
  }

  #readValue(depth: number): Json {
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case "{":
        return this.#readObject(depth + 1);
      case "[":
        return this.#readArray(depth + 1);
      case '"':
        return this.#readString();
      case "t":
        return this.#readWord("true", true);
      case "f":
        return this.#readWord("false", false);
      case "n":
        return this.#readWord("null", null);
      default:
        return this.#readNumber();
    }
  }

  #readObject(depth: number): Map<string, Json> {
    this.#enter(depth);
    const object = new Map<string, Json>();
    this.#skipSpace();
    if (this.#take("}")) return object;
    for (;;) {
      this.#skipSpace();
      if (this.#text[this.#at] !== '"') throw this.#unexpected("looking for beginning of object key string");
      const key = this.#readString();
      this.#skipSpace();
      if (!this.#take(":")) throw this.#unexpected("after object key");
      object.set(key, this.#readValue(depth));
      this.#skipSpace();
      if (this.#take("}")) return object;
      if (!this.#take(",")) throw this.#unexpected("after object key:value pair");
    }
  }

  #readArray(depth: number): Json[] {
    this.#enter(depth);
    const array: Json[] = [];
    this.#skipSpace();
    if (this.#take("]")) return array;
    for (;;) {
      array.push(this.#readValue(depth));
      this.#skipSpace();
      if (this.#take("]")) return array;
      if (!this.#take(",")) throw this.#unexpected("after array element");
    }
  }

  #readString(): string {
    const start = ++this.#at;
    let text = "";
    let from = start;
    for (;;) {
      const byte = this.#text[this.#at];
      if (byte === undefined || byte < " ") throw this.#unexpected("in string literal");
      if (byte === '"') break;
      this.#at++;
      if (byte !== "\\") continue;
      text += this.#text.slice(from, this.#at - 1) + this.#readEscape();
      from = this.#at;
    }
    text += this.#text.slice(from, this.#at++);
    // Broken UTF-8 becomes U+FFFD, byte for byte.
    return replaceBroken(text);
  }

  #readEscape(): string {
    const letter = this.#text[this.#at];
    const plain = letter === undefined ? undefined : escapes[letter];
    if (plain !== undefined) {
      this.#at++;
      return plain;
    }
    if (letter !== "u") throw this.#unexpected("in string escape code");
    this.#at++;
    const first = this.#readFourDigits();
    if (first < 0xd800 || first > 0xdfff) return encodeRune(first);
    const second = /^\\u([0-9A-Fa-f]{4})/.exec(this.#text.slice(this.#at, this.#at + 6))?.[1];
    const low = second === undefined ? 0 : Number.parseInt(second, 16);
    // Half a pair becomes U+FFFD; what follows is read for itself.
    if (first > 0xdbff || low < 0xdc00 || low > 0xdfff) return encodeRune(first);
    this.#at += 6;
    return encodeRune(0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00));
  }

  #readFourDigits(): number {
    const start = this.#at;
    while (this.#at < start + 4) {
      if (!/[0-9A-Fa-f]/.test(this.#text[this.#at] ?? "")) {
        throw this.#unexpected("in \\u hexadecimal character escape");
      }
      this.#at++;
    }
    return Number.parseInt(this.#text.slice(start, this.#at), 16);
  }

  #readWord<T extends Json>(word: string, value: T): T {
    for (const [at, letter] of [...word].entries()) {
      if (this.#text[this.#at] !== letter) {
        throw this.#unexpected(`in literal ${word} (expecting '${word.charAt(at)}')`);
      }
      this.#at++;
    }
    return value;
  }

  #readNumber(): number | null {
    const start = this.#at;
    if (!/[-0-9]/.test(this.#text[start] ?? "")) throw this.#unexpected("looking for beginning of value");
    if (this.#take("-") && !this.#isDigit()) throw this.#unexpected("in numeric literal");
    if (!this.#take("0")) this.#skipDigits();
    if (this.#take(".")) {
      if (!this.#isDigit()) throw this.#unexpected("after decimal point in numeric literal");
      this.#skipDigits();
    }
    if (this.#take("e") || this.#take("E")) {
      if (!this.#take("+")) this.#take("-");
      if (!this.#isDigit()) throw this.#unexpected("in exponent of numeric literal");
      this.#skipDigits();
    }
    const written = this.#text.slice(start, this.#at);
    const number = Number(written);
    if (Number.isFinite(number)) return number;
    this.#fault ??= new GoError(`json: cannot unmarshal number ${written} into Go value of type float64`);
    return null;
  }

  #enter(depth: number): void {
    this.#at++;
    if (depth > this.#maxDepth) throw new GoError("exceeded max depth");
  }

  #take(byte: string): boolean {
    if (this.#text[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #isDigit(): boolean {
    return /[0-9]/.test(this.#text[this.#at] ?? "");
  }

  #skipDigits(): void {
    while (this.#isDigit()) this.#at++;
  }

  #skipSpace(): void {
    while (" \t\r\n".includes(this.#text[this.#at] ?? "x")) this.#at++;
  }

  #unexpected(where: string): GoError {
    // At the end Go tries a space, and complains of it where none can stand.
    const byte = this.#text[this.#at] ?? (noSpace.test(where) ? " " : undefined);
    if (byte === undefined) return new GoError("unexpected end of JSON input");
    return new GoError(`invalid character ${quoteByte(byte)} ${where}`);
  }
}

function replaceBroken(bytes: string): string {
  return encodeText(decodeText(bytes));
}

function quoteByte(byte: string): string {
  if (byte === "'") return "'\\''";
  // Go takes the byte for a code point.
  return byte === '"' ? `'"'` : `'${quote(encodeRune(byte.charCodeAt(0))).slice(1, -1)}'`;
}
