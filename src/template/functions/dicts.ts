/** Functions on maps with texts as keys. `set`, `unset` and the merges change the map they get, as in sprig. */
import type { Budget } from "../budget.ts";
import { GoPanic } from "../go/go-error.ts";
import { define, defineWithBudget } from "../values/define.ts";
import { dict, nil, sortedKeys, str } from "../values/make.ts";
import type { MapValue, Value } from "../values/model.ts";
import { anyMapType } from "../values/types.ts";
import { typeName } from "../values/value.ts";
import { mergeInto } from "./merge-maps.ts";
import { textOf } from "./text-of.ts";

const mapToMap = "func(map[string]any, ...string) map[string]any";
const merge = "func(map[string]any, ...map[string]any) any";
const mustMerge = "func(map[string]any, ...map[string]any) (any, error)";

/** dict and all that works on maps. */
export const dictFunctions = [
  defineWithBudget("dict", "func(...any) map[string]any", makeDict),
  define("get", "func(map[string]any, string) any", (map, key) => map.entries.get(key) ?? str("")),
  defineWithBudget("set", "func(map[string]any, string, any) map[string]any", setKey),
  define("unset", "func(map[string]any, string) map[string]any", (map, key) => {
    map.entries.delete(key);
    return map;
  }),
  define("hasKey", "func(map[string]any, string) bool", (map, key) => map.entries.has(key)),
  define("pluck", "func(string, ...map[string]any) []any", (key, ...maps) =>
    maps.flatMap((each) => each.entries.get(key) ?? []),
  ),
  // Go gives keys and values in an order that differs each time; sorted is one of them
  define("keys", "func(...map[string]any) []string", (...maps) => maps.flatMap(sortedKeys)),
  define("values", "func(map[string]any) []any", (map) =>
    sortedKeys(map).map((key) => map.entries.get(key) ?? nil),
  ),
  defineWithBudget("pick", mapToMap, (budget, map, ...keys) => {
    budget.steps(map.entries.size);
    const wanted = new Set(keys);
    return dict(new Map([...map.entries].filter(([key]) => wanted.has(key))));
  }),
  defineWithBudget("omit", mapToMap, (budget, map, ...keys) => {
    budget.steps(map.entries.size);
    const unwanted = new Set(keys);
    return dict(new Map([...map.entries].filter(([key]) => !unwanted.has(key))));
  }),
  defineWithBudget("merge", merge, (budget, into, ...maps) => mergeAll(budget, into, maps, false)),
  defineWithBudget("mustMerge", mustMerge, (budget, into, ...maps) => mergeAll(budget, into, maps, false)),
  defineWithBudget("mergeOverwrite", merge, (budget, into, ...maps) => mergeAll(budget, into, maps, true)),
  defineWithBudget("mustMergeOverwrite", mustMerge, (budget, into, ...maps) =>
    mergeAll(budget, into, maps, true),
  ),
  define("dig", "func(...any) (any, error)", dig),
];

function makeDict(budget: Budget, ...pairs: Value[]): MapValue {
  const entries = new Map<string, Value>();
  for (let at = 0; at < pairs.length; at += 2) {
    entries.set(textOf(budget, pairs[at] ?? nil), pairs[at + 1] ?? str(""));
  }
  return dict(entries);
}

function setKey(budget: Budget, map: MapValue, key: string, value: Value): MapValue {
  if (map.isNil) throw new GoPanic("assignment to entry in nil map");
  budget.list(map.entries.size + 1);
  map.entries.set(key, value);
  return map;
}

function mergeAll(budget: Budget, into: MapValue, maps: readonly MapValue[], overwrite: boolean): MapValue {
  const target = into.isNil && maps.some((each) => !each.isNil) ? dict() : into;
  for (const each of maps) mergeInto(budget, target, each, overwrite);
  return target;
}

/** `dig KEY... DEFAULT MAP`: what lies under the keys one after the other. */
function dig(...values: Value[]): Value {
  if (values.length < 3) throw new GoPanic("dig needs at least three arguments");
  const outer = asMap(values.at(-1) ?? nil);
  const fallback = values.at(-2) ?? nil;
  const keys = values.slice(0, -2).map((each) => {
    if (each.kind === "string" && each.type.name === "string") return each.value;
    throw wrongType(each, "string");
  });
  let map = outer;
  for (const [at, key] of keys.entries()) {
    const found = map.entries.get(key);
    if (found === undefined) return fallback;
    if (at === keys.length - 1) return found;
    map = asMap(found);
  }
  return fallback;
}

function asMap(value: Value): MapValue {
  if (value.kind === "map" && value.type.name === anyMapType.name) return value;
  throw wrongType(value, anyMapType.name);
}

function wrongType(value: Value, wanted: string): GoPanic {
  const found = value.kind === "nil" ? "nil" : typeName(value);
  return new GoPanic(`interface conversion: interface {} is ${found}, not ${wanted}`);
}
