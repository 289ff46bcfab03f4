/** Functions that choose by whether values are empty: nil, false, 0, and what has the length 0. */
import { define, defineWithBudget } from "../values/define.ts";
import { nil } from "../values/make.ts";
import { isTrue } from "../values/truth.ts";
import { compactList } from "./list-elements.ts";

/** default, empty, coalesce, all, any, ternary, compact. */
export const defaultFunctions = [
  define("default", "func(any, ...any) any", (fallback, ...given) => {
    const [value] = given;
    return value !== undefined && isTrue(value) ? value : fallback;
  }),
  define("empty", "func(any) bool", (value) => !isTrue(value)),
  define("coalesce", "func(...any) any", (...values) => values.find(isTrue) ?? nil),
  define("all", "func(...any) bool", (...values) => values.every(isTrue)),
  define("any", "func(...any) bool", (...values) => values.some(isTrue)),
  define("ternary", "func(any, any, bool) any", (yes, no, test) => (test ? yes : no)),
  defineWithBudget("compact", "func(any) []any", compactList),
  defineWithBudget("mustCompact", "func(any) ([]any, error)", compactList),
];
