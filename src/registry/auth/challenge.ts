/** WWW-Authenticate, as lenient as registries need it: several challenges a line, tokens or quoted strings, odd blanks. */

/** One challenge; scheme and parameter names are lower-case. */
export interface Challenge {
  scheme: string;
  parameters: Readonly<Record<string, string>>;
}

// RFC 9110 section 5.6.2 token; section 11.2 token68 (which no scheme of ours uses, so it is read and dropped).
const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const blanks = /[ \t]*/y;
const separators = /[ \t,]*/y;
const unquotedValue = /[^ \t,"]*/y;
const token68Rest = /[A-Za-z0-9\-._~+/]*=*/y;

/**
 * Reads the challenges of a header (lines joined with commas, as RFC 9110 allows). Never throws: what makes no sense is
 * left out, a parameter without a value ends nothing but itself.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const scanner = new Scanner(header);
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  for (;;) {
    scanner.skip(separators);
    if (scanner.done) return challenges;
    // regclient's vectors have quoted names: a server that quotes everything.
    const word = scanner.peek() === '"' ? (scanner.value() ?? "") : scanner.take(token);
    if (word === "") {
      scanner.advance(scanner.done ? 0 : 1);
      continue;
    }
    const current = challenges.at(-1);
    const afterWord = scanner.position;
    scanner.skip(blanks);
    if (scanner.peek() === "=" && current !== undefined) {
      scanner.advance(1);
      scanner.skip(blanks);
      const value = scanner.value();
      if (value !== undefined) current.parameters[word.toLowerCase()] ??= value;
    } else if (isScheme(header, afterWord, challenges.length === 0)) {
      challenges.push({ scheme: word.toLowerCase(), parameters: {} });
      scanner.position = afterWord;
      scanner.skip(blanks);
      skipToken68(scanner);
    }
  }
}

/**
 * A word without "=" is a scheme when it is the first one, when parameters follow it after blanks, or when it stands at the
 * end as a bare scheme we know. Otherwise it is a parameter that lost its value, as in `realm="r",service`.
 */
function isScheme(header: string, afterWord: number, first: boolean): boolean {
  if (first) return true;
  const rest = header.slice(afterWord);
  if (/^[ \t]+[^ \t,=]/.test(rest)) return true;
  const word = /[^ \t,]+$/.exec(header.slice(0, afterWord))?.[0]?.toLowerCase() ?? "";
  return ["basic", "bearer", "digest", "negotiate", "ntlm"].includes(word);
}

/** `Negotiate YII=` or `foo bar`: blob of the scheme's own, told from a parameter by what follows it. */
function skipToken68(scanner: Scanner): void {
  const start = scanner.position;
  scanner.skip(token68Rest);
  const end = scanner.position;
  scanner.skip(blanks);
  if (end > start && (scanner.done || scanner.peek() === ",")) return;
  scanner.position = start;
}

class Scanner {
  position = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.position >= this.#text.length;
  }

  peek(): string {
    return this.#text.charAt(this.position);
  }

  advance(count: number): void {
    this.position += count;
  }

  take(pattern: RegExp): string {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.position += found.length;
    return found;
  }

  skip(pattern: RegExp): void {
    this.take(pattern);
  }

  /** A token (anything up to a blank, comma or quote) or a quoted string; undefined when empty or unclosed. */
  value(): string | undefined {
    if (this.peek() !== '"') return this.take(unquotedValue) || undefined;
    let value = "";
    for (let index = this.position + 1; index < this.#text.length; index++) {
      const character = this.#text.charAt(index);
      if (character === '"') {
        this.position = index + 1;
        return value;
      }
      // quoted-pair: the backslash goes, whatever follows stays.
      value += character === "\\" ? this.#text.charAt(++index) : character;
    }
    this.position = this.#text.length;
    return undefined;
  }
}
