/** The functions for regular expressions (RE2 syntax). Those beginning with `must` return a bad pattern as an error. */
import { AceError } from "../../errors.ts";
import { type Budget, MAX_LIST_LENGTH } from "../budget.ts";
import { GoError, GoPanic } from "../go/go-error.ts";
import { canBackquote, quote } from "../go/quote.ts";
import { compileRegexp, type GoRegexp, type Meter, quoteMeta } from "../go/regexp.ts";
import { define, defineWithBudget } from "../values/define.ts";
import { nilSlice, strings } from "../values/make.ts";
import type { SliceValue } from "../values/model.ts";
import { stringType } from "../values/types.ts";

/**
 * The most that one search may cost: instructions of the pattern times bytes of text. Engine and text at their worst do
 * some forty million a second; nothing can stop a search once it runs.
 */
const maxSearchWork = 100_000_000;
/**
 * Steps that a microsecond of searching costs. What a search takes cannot be told beforehand, and a search at every byte
 * of a text may each time go through the whole of it: so the time counts, about as much as the engine's own steps take.
 */
const stepsPerMicrosecond = 2;

export const regexFunctions = [
  defineWithBudget("regexMatch", "func(string, string) bool", (budget, pattern, text) => {
    const regexp = orUndefined(() => compileRegexp(admit(budget, pattern)));
    return regexp?.matches(text, meterOf(budget)) ?? false;
  }),
  defineWithBudget("mustRegexMatch", "func(string, string) (bool, error)", (budget, pattern, text) =>
    compileRegexp(admit(budget, pattern)).matches(text, meterOf(budget)),
  ),
  defineWithBudget("regexFind", "func(string, string) string", (budget, pattern, text) =>
    compileOrPanic(admit(budget, pattern)).find(text, meterOf(budget)),
  ),
  defineWithBudget("mustRegexFind", "func(string, string) (string, error)", (budget, pattern, text) =>
    compileRegexp(admit(budget, pattern)).find(text, meterOf(budget)),
  ),
  defineWithBudget("regexFindAll", "func(string, string, int) []string", (budget, pattern, text, limit) =>
    findAll(budget, compileOrPanic(admit(budget, pattern)), text, limit),
  ),
  defineWithBudget(
    "mustRegexFindAll",
    "func(string, string, int) ([]string, error)",
    (budget, pattern, text, limit) => findAll(budget, compileRegexp(admit(budget, pattern)), text, limit),
  ),
  ...replacers("regexReplaceAll", "mustRegexReplaceAll", (regexp, text, replacement, meter) =>
    regexp.replaceAll(text, replacement, meter),
  ),
  ...replacers("regexReplaceAllLiteral", "mustRegexReplaceAllLiteral", (regexp, text, replacement, meter) =>
    regexp.replaceAllLiteral(text, replacement, meter),
  ),
  defineWithBudget("regexSplit", "func(string, string, int) []string", (budget, pattern, text, limit) =>
    split(budget, compileOrPanic(admit(budget, pattern)), text, limit),
  ),
  defineWithBudget(
    "mustRegexSplit",
    "func(string, string, int) ([]string, error)",
    (budget, pattern, text, limit) => split(budget, compileRegexp(admit(budget, pattern)), text, limit),
  ),
  define("regexQuoteMeta", "func(string) string", quoteMeta),
];

type Replace = (regexp: GoRegexp, text: string, replacement: string, meter: Meter) => string;

function replacers(name: string, mustName: string, replace: Replace) {
  return [
    defineWithBudget(name, "func(string, string, string) string", (budget, pattern, text, replacement) =>
      replace(compileOrPanic(admit(budget, pattern)), text, replacement, meterOf(budget)),
    ),
    defineWithBudget(
      mustName,
      "func(string, string, string) (string, error)",
      (budget, pattern, text, replacement) =>
        replace(compileRegexp(admit(budget, pattern)), text, replacement, meterOf(budget)),
    ),
  ];
}

function findAll(budget: Budget, regexp: GoRegexp, text: string, limit: number): SliceValue {
  const found = regexp.findAll(text, atMostAList(limit), meterOf(budget));
  budget.list(found.length);
  // Go gives nil where nothing is found.
  return found.length === 0
    ? nilSlice(stringType)
    : strings(found.map(([start, end]) => text.slice(start, end)));
}

function split(budget: Budget, regexp: GoRegexp, text: string, limit: number): SliceValue {
  if (limit === 0) return nilSlice(stringType);
  const pieces = regexp.split(text, atMostAList(limit), meterOf(budget));
  budget.list(pieces.length);
  return strings(pieces);
}

/** The limit, but one more than a list may have at the most: enough to see that it is too long. */
function atMostAList(limit: number): number {
  return limit < 0 ? MAX_LIST_LENGTH + 1 : Math.min(limit, MAX_LIST_LENGTH + 1);
}

function admit(budget: Budget, pattern: string): string {
  budget.regexp(pattern.length);
  return pattern;
}

function meterOf(budget: Budget): Meter {
  let last = performance.now();
  return {
    work(amount) {
      if (amount > maxSearchWork) {
        const state = `${Math.ceil(amount / maxSearchWork)} times too much work for one regular expression`;
        throw new AceError("input", `Cannot go on with the template: ${state}`, {
          hint: "Make the expression simpler, or the text shorter.",
        });
      }
      const now = performance.now();
      budget.steps(Math.floor((now - last) * 1000 * stepsPerMicrosecond));
      last = now;
    },
    size: (bytes) => budget.string(bytes),
  };
}

/** Go's `MustCompile`. */
function compileOrPanic(pattern: string): GoRegexp {
  try {
    return compileRegexp(pattern);
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    const quoted = canBackquote(pattern) ? `\`${pattern}\`` : quote(pattern);
    throw new GoPanic(`regexp: Compile(${quoted}): ${error.message}`);
  }
}

function orUndefined<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof GoError) return undefined;
    throw error;
  }
}
