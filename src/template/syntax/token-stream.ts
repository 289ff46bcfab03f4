/** The tokens of one tree with up to three of look-ahead, and the errors that name the line of the last one read. */
import { decodeText } from "../go/utf8.ts";
import { TemplateError } from "../template-error.ts";
import type { Lexer } from "./lexer.ts";
import { showToken, type Token, type TokenKind } from "./token.ts";

/** Each tree (the file, a `define`, a `block`) has its own; all share the lexer. */
export class TokenStream {
  readonly #lexer: Lexer;
  readonly #name: string;
  /** Tokens put back; the last is the next. */
  #waiting: Token[] = [];
  /** Line of the token last taken from the lexer. */
  #line = 0;
  /** Line where the action being read began; 0 outside of actions. */
  actionLine = 0;

  /** @param name the template's name, for messages; a byte string */
  constructor(lexer: Lexer, name: string) {
    this.#lexer = lexer;
    this.#name = name;
  }

  next(): Token {
    const waiting = this.#waiting.pop();
    if (waiting !== undefined) return waiting;
    const token = this.#lexer.next();
    this.#line = token.line;
    return token;
  }

  /** Puts tokens back: the first given is the next. */
  back(...tokens: readonly Token[]): void {
    this.#waiting.push(...tokens.toReversed());
  }

  peek(): Token {
    const token = this.next();
    this.back(token);
    return token;
  }

  /** The next token that is no space; spaces before it are gone. */
  nextWord(): Token {
    for (;;) {
      const token = this.next();
      if (token.kind !== "space") return token;
    }
  }

  peekWord(): Token {
    const token = this.nextWord();
    this.back(token);
    return token;
  }

  expect(kinds: readonly TokenKind[], context: string): Token {
    const token = this.nextWord();
    if (!kinds.includes(token.kind)) this.unexpected(token, context);
    return token;
  }

  /** @throws TemplateError always */
  fail(message: string): never {
    throw new TemplateError("parse", decodeText(`template: ${this.#name}:${this.#line}: ${message}`));
  }

  /** @throws TemplateError always */
  unexpected(token: Token, context: string): never {
    if (token.kind !== "error") return this.fail(`unexpected ${showToken(token)} in ${context}`);
    if (this.actionLine === 0 || this.actionLine === token.line) return this.fail(token.text);
    const started = ` in action started at ${this.#name}:${this.actionLine}`;
    return this.fail(
      token.text + (token.text.endsWith(" action") ? started.slice(" in action".length) : started),
    );
  }
}
