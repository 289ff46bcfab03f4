/** Functions between texts and lists of texts. */
import type { Budget } from "../budget.ts";
import { countParts, splitText } from "../go/strings.ts";
import { defineWithBudget } from "../values/define.ts";
import { dict, elements, str, strings } from "../values/make.ts";
import type { MapValue, Value } from "../values/model.ts";
import { stringType } from "../values/types.ts";
import { joinTexts, textOf, textsOf } from "./text-of.ts";

/** Splitting, joining, sorting. */
export const stringListFunctions = [
  defineWithBudget("split", "func(string, string) map[string]string", (budget, separator, subject) =>
    numbered(split(budget, subject, separator, -1)),
  ),
  defineWithBudget(
    "splitn",
    "func(string, int, string) map[string]string",
    (budget, separator, limit, subject) => numbered(split(budget, subject, separator, limit)),
  ),
  defineWithBudget("splitList", "func(string, string) []string", (budget, separator, subject) =>
    split(budget, subject, separator, -1),
  ),
  defineWithBudget("join", "func(string, any) string", (budget, separator, list) =>
    joinTexts(budget, textsOf(budget, list), separator),
  ),
  defineWithBudget("toStrings", "func(any) []string", asStrings),
  defineWithBudget("sortAlpha", "func(any) []string", sortAlpha),
];

function split(budget: Budget, subject: string, separator: string, limit: number): string[] {
  budget.list(countParts(subject, separator, limit));
  return splitText(subject, separator, limit);
}

/** The parts under `_0`, `_1`, ... */
function numbered(parts: readonly string[]): MapValue {
  return dict(new Map(parts.map((each, at) => [`_${at}`, str(each)])), stringType);
}

/** A `[]string` is handed through as it is, so that it still shares its elements. */
function asStrings(budget: Budget, value: Value): Value {
  return value.kind === "slice" && value.type.name === "[]string" ? value : strings(textsOf(budget, value));
}

/** Sorts bytewise; a `[]string` is sorted where it stands, as in sprig. Anything else than a list becomes a list of one. */
function sortAlpha(budget: Budget, value: Value): Value {
  const seen = value.kind === "ptr" && value.elem !== undefined ? value.elem : value;
  if (seen.kind !== "slice") return strings([textOf(budget, value)]);
  const list = asStrings(budget, value);
  if (list.kind !== "slice") return list;
  textsOf(budget, list);
  const sorted = [...elements(list)].sort((a, b) => compareTexts(a, b));
  for (const [at, each] of sorted.entries()) list.backing[list.offset + at] = each;
  return list;
}

function compareTexts(a: Value, b: Value): number {
  if (a.kind !== "string" || b.kind !== "string") return 0;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}
