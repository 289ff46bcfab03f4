/** Functions that take lists apart and make new ones; each has a twin that begins with `must` and fails alike. */
import { define, defineWithBudget } from "../values/define.ts";
import {
  appendTo,
  chunkList,
  concatLists,
  firstOf,
  has,
  initialOf,
  lastOf,
  prependTo,
  restOf,
  reverseList,
  sliceList,
  uniqueOf,
  without,
} from "./list-elements.ts";

/** list and all that works on lists. */
export const listFunctions = [
  ...["list", "tuple"].map((name) => define(name, "func(...any) []any", (...values) => values)),
  ...["append", "push"].map((name) => defineWithBudget(name, "func(any, any) []any", appendTo)),
  ...["mustAppend", "mustPush"].map((name) =>
    defineWithBudget(name, "func(any, any) ([]any, error)", appendTo),
  ),
  defineWithBudget("prepend", "func(any, any) []any", prependTo),
  defineWithBudget("mustPrepend", "func(any, any) ([]any, error)", prependTo),
  define("first", "func(any) any", firstOf),
  define("mustFirst", "func(any) (any, error)", firstOf),
  define("rest", "func(any) []any", restOf),
  define("mustRest", "func(any) ([]any, error)", restOf),
  define("last", "func(any) any", lastOf),
  define("mustLast", "func(any) (any, error)", lastOf),
  define("initial", "func(any) []any", initialOf),
  define("mustInitial", "func(any) ([]any, error)", initialOf),
  define("reverse", "func(any) []any", reverseList),
  define("mustReverse", "func(any) ([]any, error)", reverseList),
  defineWithBudget("uniq", "func(any) []any", uniqueOf),
  defineWithBudget("mustUniq", "func(any) ([]any, error)", uniqueOf),
  defineWithBudget("without", "func(any, ...any) []any", without),
  defineWithBudget("mustWithout", "func(any, ...any) ([]any, error)", without),
  defineWithBudget("has", "func(any, any) bool", has),
  defineWithBudget("mustHas", "func(any, any) (bool, error)", has),
  define("slice", "func(any, ...any) any", sliceList),
  define("mustSlice", "func(any, ...any) (any, error)", sliceList),
  defineWithBudget("concat", "func(...any) any", concatLists),
  defineWithBudget("chunk", "func(int, any) [][]any", chunkList),
  defineWithBudget("mustChunk", "func(int, any) ([][]any, error)", chunkList),
];
