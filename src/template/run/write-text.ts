/** The built-in functions that make text: print, printf, println, html, js, urlquery (text/template/funcs.go). */
import type { Budget } from "../budget.ts";
import { isPrint } from "../go/unicode.ts";
import { decodeRune } from "../go/utf8.ts";
import { sprint, sprintln } from "../print/sprint.ts";
import { sprintf } from "../print/sprintf.ts";
import { str } from "../values/make.ts";
import { anyType, stringType } from "../values/types.ts";
import { builtin, type EngineFunction } from "./engine-function.ts";
import { type Operand, toValue, unbox } from "./operand.ts";
import { printableOf } from "./printable.ts";

/** By their names. */
export const writers: Readonly<Record<string, EngineFunction>> = {
  print: builtin([anyType], true, (budget, args) => made(budget, sprint(budget, args.map(toValue)))),
  println: builtin([anyType], true, (budget, args) => made(budget, sprintln(budget, args.map(toValue)))),
  printf: builtin([stringType, anyType], true, (budget, [format, ...args]) => {
    const text = unbox(format);
    return made(budget, sprintf(budget, text?.kind === "string" ? text.value : "", args.map(toValue)));
  }),
  html: escaper(escapeHtml),
  js: escaper(escapeJs),
  urlquery: escaper(escapeQuery),
};

function made(budget: Budget, text: string): Operand {
  budget.madeString(text.length);
  return str(text);
}

function escaper(escapeText: (text: string) => string): EngineFunction {
  return builtin([anyType], true, (budget, args) => {
    const printable = args.map((each) => printableOf(unbox(each)) ?? toValue(each));
    return made(budget, escapeText(sprint(budget, printable)));
  });
}

const htmlEscapes: Readonly<Record<string, string>> = {
  "\0": "\xef\xbf\xbd",
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};

function escapeHtml(text: string): string {
  return text.replace(/[\0"'&<>]/g, (char) => htmlEscapes[char] ?? char);
}

const jsEscapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "'": "\\'",
  '"': '\\"',
  "<": "\\u003C",
  ">": "\\u003E",
  "&": "\\u0026",
  "=": "\\u003D",
};

function escapeJs(text: string): string {
  let escaped = "";
  for (let at = 0; at < text.length; ) {
    const { rune, size } = decodeRune(text, at);
    const bytes = text.slice(at, at + size);
    if (rune < 0x80) escaped += jsEscapes[bytes] ?? (rune < 0x20 ? unicodeEscape(rune) : bytes);
    else escaped += isPrint(rune) ? bytes : unicodeEscape(rune);
    at += size;
  }
  return escaped;
}

function unicodeEscape(rune: number): string {
  return `\\u${rune.toString(16).toUpperCase().padStart(4, "0")}`;
}

function escapeQuery(text: string): string {
  return text.replace(/[^A-Za-z0-9_.~-]/g, (byte) =>
    byte === " " ? "+" : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}
