/** Label selectors in the grammar of Kubernetes (apimachinery `labels.Parse`), and the labels they match. */
import { AceError } from "../errors.ts";
import { type Labels, labelKeyProblem, labelValueProblem } from "./labels.ts";

/** One condition; a selector is the conjunction of several. */
type Requirement = (labels: Labels) => boolean;

/** True for labels that one of several selectors matches; without any selector, for all labels. */
export type Selector = (labels: Labels) => boolean;

/**
 * Reads the values of all `-l` flags: a comma inside one is AND, several are OR.
 * @throws AceError `usage`, with a caret under the character where the selector stops making sense
 */
export function parseSelectors(texts: readonly string[]): Selector {
  const selectors = texts.map((text) => new SelectorParser(text).parse());
  if (selectors.length === 0) return () => true;
  return (labels) => selectors.some((requirements) => requirements.every((holds) => holds(labels)));
}

interface Token {
  /** `word`, or the operator itself; `end` behind the last character. */
  kind: string;
  text: string;
  at: number;
}

const tokenPattern = /\s*(?:(==|!=|[=!(),<>])|([^\s=!(),<>]+)|$)/y;

class SelectorParser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  parse(): Requirement[] {
    if (this.#peek().kind === "end") return [];
    const requirements = [this.#requirement()];
    while (this.#peek().kind !== "end") {
      this.#take([","], "a comma or the end of the selector");
      requirements.push(this.#requirement());
    }
    return requirements;
  }

  #requirement(): Requirement {
    if (this.#peek().kind === "!") {
      this.#next += 1;
      const key = this.#key();
      return (labels) => !Object.hasOwn(labels, key);
    }
    const key = this.#key();
    const operator = this.#peek();
    const word = operator.kind === "word" ? operator.text : operator.kind;
    switch (word) {
      case "end":
      case ",":
        return (labels) => Object.hasOwn(labels, key);
      case "=":
      case "==":
      case "!=": {
        this.#next += 1;
        const value = this.#value();
        // As in Kubernetes, labels without the key are "not equal" too.
        return word === "!="
          ? (labels) => labelOf(labels, key) !== value
          : (labels) => labelOf(labels, key) === value;
      }
      case "in":
      case "notin": {
        this.#next += 1;
        const values = this.#values();
        const among: Requirement = (labels) => values.has(labelOf(labels, key));
        return word === "in" ? among : (labels) => !among(labels);
      }
      case ">":
      case "<": {
        this.#next += 1;
        const limit = this.#integer();
        return (labels) => {
          const number = integerOf(labelOf(labels, key));
          return number !== undefined && (word === ">" ? number > limit : number < limit);
        };
      }
      default:
        throw this.#error(operator, "want =, ==, !=, in, notin, <, > or a comma");
    }
  }

  #key(): string {
    const token = this.#take(["word"], "a label key");
    const problem = labelKeyProblem(token.text);
    if (problem !== undefined) throw this.#error(token, problem);
    return token.text;
  }

  /** A value; nothing at all is the empty value. */
  #value(): string {
    const token = this.#peek();
    if (token.kind !== "word") {
      if (token.kind === "end" || token.kind === "," || token.kind === ")") return "";
      throw this.#error(token, "want a label value");
    }
    this.#next += 1;
    const problem = labelValueProblem(token.text);
    if (problem !== undefined) throw this.#error(token, problem);
    return token.text;
  }

  #values(): ReadonlySet<string | undefined> {
    this.#take(["("], "an opening parenthesis");
    const values = new Set<string | undefined>([this.#value()]);
    while (this.#take([",", ")"], "a comma or a closing parenthesis").kind === ",") values.add(this.#value());
    return values;
  }

  #integer(): bigint {
    const token = this.#take(["word"], "a whole number");
    const number = integerOf(token.text);
    if (number === undefined) throw this.#error(token, "want a whole number");
    return number;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", text: "", at: this.#text.length };
  }

  #take(kinds: readonly string[], wanted: string): Token {
    const token = this.#peek();
    if (!kinds.includes(token.kind)) throw this.#error(token, `want ${wanted}`);
    this.#next += 1;
    return token;
  }

  #error(token: Token, why: string): AceError {
    return new AceError("usage", `Cannot use selector ${JSON.stringify(this.#text)}: ${why}`, {
      details: [`  ${this.#text}`, `  ${" ".repeat(token.at)}^`],
    });
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  for (let match = tokenPattern.exec(text); match !== null; match = tokenPattern.exec(text)) {
    const [, operator, word] = match;
    const found = operator ?? word;
    if (found === undefined) break;
    tokens.push({ kind: operator ?? "word", text: found, at: tokenPattern.lastIndex - found.length });
  }
  return tokens;
}

function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function integerOf(text: string | undefined): bigint | undefined {
  return text !== undefined && /^[+-]?\d+$/.test(text) ? BigInt(text.replace(/^\+/, "")) : undefined;
}
