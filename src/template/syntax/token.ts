/** What the lexer finds in a template. */

import { quote } from "../go/quote.ts";
import { decodeRune } from "../go/utf8.ts";

/** The kinds of tokens. The words of control are `keyword`s, but for `nil`, `true` and `false`, which are values. */
export type TokenKind =
  | "error"
  | "bool"
  | "char"
  | "character"
  | "complex"
  | "assign"
  | "declare"
  | "eof"
  | "field"
  | "identifier"
  | "left"
  | "("
  | "number"
  | "|"
  | "raw"
  | "right"
  | ")"
  | "space"
  | "string"
  | "text"
  | "variable"
  | "dot"
  | "nil"
  | Keyword;

/** The words that control the flow. */
export type Keyword =
  | "block"
  | "break"
  | "continue"
  | "define"
  | "else"
  | "end"
  | "if"
  | "range"
  | "template"
  | "with";

/** One token. */
export interface Token {
  kind: TokenKind;
  /** The bytes of the source; for `error` what is wrong. */
  text: string;
  /** Byte offset in the source. */
  at: number;
  /** Line in the source, from 1. */
  line: number;
}

const keywords: Readonly<Record<string, Keyword | "nil">> = {
  block: "block",
  break: "break",
  continue: "continue",
  define: "define",
  else: "else",
  end: "end",
  if: "if",
  nil: "nil",
  range: "range",
  template: "template",
  with: "with",
};

/** The kind of a word. */
export function kindOfWord(word: string): TokenKind {
  if (word === "true" || word === "false") return "bool";
  return Object.hasOwn(keywords, word) ? (keywords[word] ?? "identifier") : "identifier";
}

/** The token as Go's messages show it: in quotes, cut after ten characters, words of control in angle brackets. */
export function showToken(token: Token): string {
  if (token.kind === "eof") return "EOF";
  if (token.kind === "error") return token.text;
  if (token.kind === "dot" || token.kind === "nil" || Object.hasOwn(keywords, token.kind))
    return `<${token.text}>`;
  return token.text.length > 10 ? `${quote(firstRunes(token.text, 10))}...` : quote(token.text);
}

function firstRunes(text: string, count: number): string {
  let end = 0;
  for (let seen = 0; seen < count && end < text.length; seen++) end += decodeRune(text, end).size;
  return text.slice(0, end);
}
