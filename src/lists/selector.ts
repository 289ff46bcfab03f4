/** Label selectors in the grammar of Kubernetes (apimachinery `labels.Parse`), and the labels they match. */
import { AceError } from "../errors.ts";
import { type LabelProblem, type Labels, labelKeyProblem, labelValueProblem } from "./labels.ts";

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

/** Kubernetes' white space is narrower than JavaScript's. */
const tokenPattern = /[ \t\r\n]*(?:(==|!=|[=!(),<>])|([^ \t\r\n=!(),<>]+)|$)/y;

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
        throw this.#error(operator.at, "want =, ==, !=, in, notin, <, > or a comma");
    }
  }

  #key(): string {
    const token = this.#take(["word"], "a label key");
    return this.#checked(token, labelKeyProblem(token.text));
  }

  /** The value behind `=`; nothing at all is the empty value. */
  #value(): string {
    const token = this.#peek();
    if (token.kind === "end" || token.kind === ",") return "";
    this.#take(["word"], "a label value");
    return this.#checked(token, labelValueProblem(token.text));
  }

  /** `(a,b)`. An empty value is written as nothing, where it can be told: see {@link #emptyValues}. */
  #values(): ReadonlySet<string | undefined> {
    this.#take(["("], "an opening parenthesis");
    const values = new Set<string | undefined>();
    if (this.#peek().kind === ")") values.add("");
    while (this.#peek().kind !== ")") {
      if (this.#peek().kind === ",") this.#emptyValues(values);
      else {
        const token = this.#take(["word"], "a label value, a comma or a closing parenthesis");
        values.add(this.#checked(token, labelValueProblem(token.text)));
        if (this.#peek().kind !== ",") break;
      }
    }
    this.#take([")"], "a comma or a closing parenthesis");
    return values;
  }

  /**
   * Commas where a value could be. Kubernetes takes a comma as an empty value when it is the first thing in the parentheses, the
   * last one, or one of two in a row; a pair wants something behind it, so that `(a,,)` is an error and `(a,,,)` is none.
   */
  #emptyValues(values: Set<string | undefined>): void {
    this.#take([","], "a comma");
    if (values.size === 0) values.add("");
    const next = this.#peek();
    if (next.kind === ")") values.add("");
    if (next.kind !== ",") return;
    values.add("");
    this.#next += 1;
    const behind = this.#peek();
    if (behind.kind === ")") throw this.#error(behind.at, "want a label value or a comma");
  }

  #integer(): bigint {
    const token = this.#take(["word"], "a whole number");
    const number = integerOf(token.text);
    if (number === undefined || !/^\d/.test(token.text)) {
      throw this.#error(token.at, "want a whole number from 0 to 9223372036854775807");
    }
    this.#checked(token, labelValueProblem(token.text));
    return number;
  }

  #checked(token: Token, problem: LabelProblem | undefined): string {
    if (problem !== undefined) throw this.#error(token.at + problem.at, problem.why);
    return token.text;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", text: "", at: this.#text.length };
  }

  #take(kinds: readonly string[], wanted: string): Token {
    const token = this.#peek();
    if (!kinds.includes(token.kind)) throw this.#error(token.at, `want ${wanted}`);
    this.#next += 1;
    return token;
  }

  /** @param at the character at fault, counted from 0 */
  #error(at: number, why: string): AceError {
    // One line on the terminal, whatever is in it, so that the caret stands below its character.
    const shown = (text: string) => text.replace(/[\x00-\x1f\x7f-\x9f]/g, " ");
    const before = Bun.stringWidth(shown(this.#text.slice(0, at)));
    return new AceError("usage", `Cannot use selector ${JSON.stringify(this.#text)}: ${why}`, {
      details: [`  ${shown(this.#text)}`, `  ${" ".repeat(before)}^`],
      hint: "Write key=value, key!=value, key in (a,b), key notin (a,b), key, !key, key>1 or key<1, with commas between for AND.",
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

/** A number as Go's `strconv.ParseInt(text, 10, 64)` reads it; undefined for what it refuses. */
function integerOf(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?\d+$/.test(text)) return undefined;
  const number = BigInt(text.replace(/^\+/, ""));
  return BigInt.asIntN(64, number) === number ? number : undefined;
}
