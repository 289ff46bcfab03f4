/** Functions that look at texts, cut them and put them together. Positions and lengths are bytes. */
import type { Budget } from "../budget.ts";
import { GoPanic } from "../go/go-error.ts";
import { countOf, replaceText, trimSet, trimSpace } from "../go/strings.ts";
import { define, defineWithBudget } from "../values/define.ts";
import { sliceText } from "./runtime-errors.ts";

const text = "func(string) string";
const textByText = "func(string, string) string";
const test = "func(string, string) bool";

/** Trimming, cutting, searching, replacing, indenting. */
export const stringFunctions = [
  define("hello", "func() string", () => "Hello!"),
  define("trim", text, trimSpace),
  define("trimAll", textByText, (cutset, subject) => trimSet(subject, cutset)),
  define("trimall", textByText, (cutset, subject) => trimSet(subject, cutset)),
  define("trimPrefix", textByText, (prefix, subject) =>
    subject.startsWith(prefix) ? subject.slice(prefix.length) : subject,
  ),
  define("trimSuffix", textByText, (suffix, subject) =>
    subject.endsWith(suffix) ? subject.slice(0, subject.length - suffix.length) : subject,
  ),
  define("contains", test, (part, subject) => subject.includes(part)),
  define("hasPrefix", test, (prefix, subject) => subject.startsWith(prefix)),
  define("hasSuffix", test, (suffix, subject) => subject.endsWith(suffix)),
  define("substr", "func(int, int, string) string", substring),
  define("trunc", "func(int, string) string", truncate),
  define("plural", "func(string, string, int) string", (one, many, count) => (count === 1 ? one : many)),
  defineWithBudget("repeat", "func(int, string) string", (budget, count, subject) =>
    repeat(budget, subject, count),
  ),
  defineWithBudget("replace", "func(string, string, string) string", (budget, old, next, subject) => {
    budget.string(subject.length + countOf(subject, old) * (next.length - old.length));
    return replaceText(subject, old, next);
  }),
  defineWithBudget("indent", "func(int, string) string", indent),
  defineWithBudget(
    "nindent",
    "func(int, string) string",
    (budget, count, subject) => `\n${indent(budget, count, subject)}`,
  ),
];

/** A negative start counts as 0, an end that is negative or too far as the length; Go's bounds hold for the rest. */
function substring(start: number, end: number, subject: string): string {
  if (start < 0) return sliceText(subject, undefined, end);
  return end < 0 || end > subject.length
    ? sliceText(subject, start, undefined)
    : sliceText(subject, start, end);
}

/** The first bytes, or the last ones where the count is negative. */
function truncate(count: number, subject: string): string {
  if (count < 0) return subject.length + count > 0 ? subject.slice(subject.length + count) : subject;
  return subject.slice(0, count);
}

function repeat(budget: Budget, subject: string, count: number): string {
  if (count < 0) throw new GoPanic("strings: negative Repeat count");
  if (subject === "") return "";
  budget.string(subject.length * count);
  return subject.repeat(count);
}

function indent(budget: Budget, count: number, subject: string): string {
  const pad = repeat(budget, " ", count);
  budget.string(subject.length + (countOf(subject, "\n") + 1) * count);
  return pad + replaceText(subject, "\n", `\n${pad}`);
}
