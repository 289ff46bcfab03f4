/** Cuts a template into tokens, by the rules of Go's text/template (parse/lex.go). */
import { quote } from "../go/quote.ts";
import { isDigit, isLetter, isPrint } from "../go/unicode.ts";
import { decodeRune, encodeRune } from "../go/utf8.ts";
import { scanNumber } from "./scan-number.ts";
import { kindOfWord, type Token, type TokenKind } from "./token.ts";

const single: Readonly<Record<string, TokenKind>> = { "=": "assign", "|": "|", "(": "(", ")": ")" };

/** Gives the tokens of one source, one after the other. After an `error` come `eof`s only. */
export class Lexer {
  readonly #source: string;
  #at = 0;
  #start = 0;
  #inside = false;
  #parentheses = 0;
  #failed = false;
  /** `#line` is the line at byte `#countedTo`. */
  #line = 1;
  #countedTo = 0;

  /** @param source a byte string */
  constructor(source: string) {
    this.#source = source;
  }

  /** The next token. */
  next(): Token {
    if (this.#failed) return { kind: "eof", text: "EOF", at: this.#at, line: this.#line };
    return this.#inside ? this.#insideAction() : this.#outside();
  }

  /** Text up to the next `{{`; comments are skipped. */
  #outside(): Token {
    for (;;) {
      const open = this.#source.indexOf("{{", this.#at);
      if (open < 0) {
        this.#at = this.#source.length;
        return this.#at > this.#start ? this.#token("text") : { ...this.#token("eof"), text: "EOF" };
      }
      const trims = isTrimLeft(this.#source, open + 2);
      const end = trims ? trimmedEnd(this.#source, this.#start, open) : open;
      if (end > this.#start) {
        this.#at = end;
        const text = this.#token("text");
        this.#skipTo(open);
        return text;
      }
      this.#skipTo(open);
      if (!this.#source.startsWith("/*", open + (trims ? 4 : 2))) return this.#left(trims);
      this.#skipTo(open + (trims ? 4 : 2));
      const wrong = this.#skipComment();
      if (wrong !== undefined) return this.#fail(wrong);
    }
  }

  #left(trims: boolean): Token {
    this.#at += 2;
    const token = this.#token("left");
    this.#inside = true;
    this.#parentheses = 0;
    if (trims) this.#skipTo(this.#at + 2);
    return token;
  }

  /** Passes a comment with its delimiter; says what is wrong if it cannot. */
  #skipComment(): string | undefined {
    const close = this.#source.indexOf("*/", this.#at + 2);
    if (close < 0) return "unclosed comment";
    const delimiter = this.#rightDelimiter(close + 2);
    if (delimiter === undefined) return "comment ends before closing delimiter";
    this.#skipTo(delimiter.end);
    return undefined;
  }

  /** The `}}` or ` -}}` at a position, and where the text after it begins. */
  #rightDelimiter(at: number): { from: number; end: number } | undefined {
    if (isSpaceAt(this.#source, at) && this.#source.startsWith("-}}", at + 1)) {
      let end = at + 4;
      while (isSpaceAt(this.#source, end)) end++;
      return { from: at + 2, end };
    }
    return this.#source.startsWith("}}", at) ? { from: at, end: at + 2 } : undefined;
  }

  #insideAction(): Token {
    const delimiter = this.#rightDelimiter(this.#at);
    if (delimiter !== undefined) return this.#right(delimiter);
    const char = this.#source[this.#at];
    if (char === undefined) return this.#fail("unclosed action");
    if (isSpaceAt(this.#source, this.#at)) return this.#space();
    switch (char) {
      case ":":
        return this.#source[this.#at + 1] === "=" ? this.#take(2, "declare") : this.#fail("expected :=");
      case '"':
        return this.#quoted('"', "string", "unterminated quoted string");
      case "'":
        return this.#quoted("'", "character", "unterminated character constant");
      case "`":
        return this.#raw();
      case "$":
        return this.#word("variable", "variable");
      case ".":
        return /^[^0-9]/s.test(this.#source.slice(this.#at + 1, this.#at + 2))
          ? this.#word("field", "dot")
          : this.#number();
      default:
        return /[-+0-9]/.test(char) ? this.#number() : this.#symbol(char);
    }
  }

  #right(delimiter: { from: number; end: number }): Token {
    if (this.#parentheses > 0) return this.#fail("unclosed left paren");
    this.#skipTo(delimiter.from);
    this.#at = delimiter.from + 2;
    const token = this.#token("right");
    this.#skipTo(delimiter.end);
    this.#inside = false;
    return token;
  }

  #space(): Token {
    while (isSpaceAt(this.#source, this.#at)) this.#at++;
    // The last of the spaces belongs to a trimming delimiter.
    if (this.#source.startsWith("-}}", this.#at)) this.#at--;
    return this.#token("space");
  }

  #symbol(char: string): Token {
    const { rune } = decodeRune(this.#source, this.#at);
    if (isAlphanumeric(rune)) return this.#identifier();
    if (char === "(") this.#parentheses++;
    if (char === ")" && --this.#parentheses < 0) return this.#fail("unexpected right paren");
    const kind = single[char] ?? "char";
    return rune < 0x80 && isPrint(rune)
      ? this.#take(1, kind)
      : this.#fail(`unrecognized character in action: ${showRune(rune)}`);
  }

  #identifier(): Token {
    this.#passAlphanumerics();
    const bad = this.#badCharacter();
    return bad ?? this.#token(kindOfWord(this.#source.slice(this.#start, this.#at)));
  }

  /** `.name` or `$name`; `alone` is the kind where no name follows. */
  #word(kind: TokenKind, alone: TokenKind): Token {
    this.#at++;
    if (this.#atTerminator()) return this.#token(alone);
    this.#passAlphanumerics();
    return this.#badCharacter() ?? this.#token(kind);
  }

  #passAlphanumerics(): void {
    while (this.#at < this.#source.length) {
      const { rune, size } = decodeRune(this.#source, this.#at);
      if (!isAlphanumeric(rune)) return;
      this.#at += size;
    }
  }

  #badCharacter(): Token | undefined {
    if (this.#atTerminator()) return undefined;
    return this.#fail(`bad character ${showRune(decodeRune(this.#source, this.#at).rune)}`);
  }

  #atTerminator(): boolean {
    const char = this.#source[this.#at];
    return char === undefined || " \t\r\n.,|:)(".includes(char) || this.#source.startsWith("}}", this.#at);
  }

  #quoted(mark: string, kind: TokenKind, unterminated: string): Token {
    this.#at++;
    for (;;) {
      let char = this.#source[this.#at++];
      if (char === mark) return this.#token(kind);
      if (char === "\\") char = this.#source[this.#at++];
      if (char === undefined || char === "\n") return this.#fail(unterminated);
    }
  }

  #raw(): Token {
    const close = this.#source.indexOf("`", this.#at + 1);
    if (close < 0) return this.#fail("unterminated raw quoted string");
    return this.#take(close + 1 - this.#at, "raw");
  }

  #number(): Token {
    const first = scanNumber(this.#source, this.#at);
    this.#at = first.end;
    const sign = this.#source[this.#at];
    if (first.ok && sign !== "+" && sign !== "-") return this.#token("number");
    const second = first.ok ? scanNumber(this.#source, this.#at) : first;
    this.#at = second.end;
    return second.ok && this.#source[this.#at - 1] === "i"
      ? this.#token("complex")
      : this.#fail(`bad number syntax: ${quote(this.#source.slice(this.#start, this.#at))}`);
  }

  #take(length: number, kind: TokenKind): Token {
    this.#at += length;
    return this.#token(kind);
  }

  /** The token from the start to here, where the next begins. */
  #token(kind: TokenKind): Token {
    const token = {
      kind,
      text: this.#source.slice(this.#start, this.#at),
      at: this.#start,
      line: this.#lineOf(this.#start),
    };
    this.#start = this.#at;
    return token;
  }

  #skipTo(at: number): void {
    this.#at = at;
    this.#start = at;
  }

  #fail(text: string): Token {
    this.#failed = true;
    return { kind: "error", text, at: this.#start, line: this.#lineOf(this.#start) };
  }

  #lineOf(at: number): number {
    for (let next = this.#source.indexOf("\n", this.#countedTo); next >= 0 && next < at; ) {
      this.#line++;
      this.#countedTo = next + 1;
      next = this.#source.indexOf("\n", this.#countedTo);
    }
    return this.#line;
  }
}

function isSpaceAt(source: string, at: number): boolean {
  const char = source.charCodeAt(at);
  return char === 0x20 || char === 0x09 || char === 0x0d || char === 0x0a;
}

function isTrimLeft(source: string, at: number): boolean {
  return source[at] === "-" && isSpaceAt(source, at + 1);
}

function trimmedEnd(source: string, from: number, to: number): number {
  let end = to;
  while (end > from && isSpaceAt(source, end - 1)) end--;
  return end;
}

/** What may stand in a name. */
export function isAlphanumeric(rune: number): boolean {
  return rune === 0x5f || isLetter(rune) || isDigit(rune);
}

/** A character as Go's `%#U`: `U+002D '-'`. */
function showRune(rune: number): string {
  const hex = rune.toString(16).toUpperCase().padStart(4, "0");
  return isPrint(rune) ? `U+${hex} '${encodeRune(rune)}'` : `U+${hex}`;
}
