/** Functions that lay texts out: quotes, lines, abbreviations. */
import type { Budget } from "../budget.ts";
import { quote } from "../go/quote.ts";
import { abbreviate, wrapLines } from "../go/wrap.ts";
import { formatValue } from "../print/printer.ts";
import { define, defineWithBudget } from "../values/define.ts";
import type { Value } from "../values/model.ts";
import { joinTexts, textOf } from "./text-of.ts";

const anys = "func(...any) string";

/** Abbreviating, wrapping, quoting, printing. */
export const textLayoutFunctions = [
  define("abbrev", "func(int, string) string", (width, subject) =>
    width < 4 ? subject : abbreviate(subject, 0, width),
  ),
  define("abbrevboth", "func(int, int, string) string", (left, right, subject) =>
    right < 4 || (left > 0 && right < 7) ? subject : abbreviate(subject, left, right),
  ),
  defineWithBudget("wrap", "func(int, string) string", (budget, width, subject) =>
    joinTexts(budget, wrapLines(subject, width, false), "\n"),
  ),
  defineWithBudget("wrapWith", "func(int, string, string) string", (budget, width, separator, subject) =>
    joinTexts(budget, wrapLines(subject, width, true), separator === "" ? "\n" : separator),
  ),
  defineWithBudget("quote", anys, (budget, ...values) =>
    withoutNils(budget, values, (each) => quote(textOf(budget, each))),
  ),
  defineWithBudget("squote", anys, (budget, ...values) =>
    withoutNils(budget, values, (each) => `'${formatValue(budget, each)}'`),
  ),
  defineWithBudget("cat", anys, (budget, ...values) =>
    withoutNils(budget, values, (each) => formatValue(budget, each)),
  ),
  defineWithBudget("toString", "func(any) string", textOf),
];

function withoutNils(budget: Budget, values: readonly Value[], show: (each: Value) => string): string {
  return joinTexts(budget, values.filter((each) => each.kind !== "nil").map(show), " ");
}
