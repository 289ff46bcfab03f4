/** Functions that tell what values are. */
import { define, defineWithBudget } from "../values/define.ts";
import { kindOf, typeName } from "../values/value.ts";
import { deepEqual } from "./deep-equal.ts";

/** Types, kinds, deepEqual. */
export const reflectionFunctions = [
  define("typeOf", "func(any) string", typeName),
  define("typeIs", "func(string, any) bool", (name, value) => name === typeName(value)),
  define("typeIsLike", "func(string, any) bool", (name, value) =>
    [name, `*${name}`].includes(typeName(value)),
  ),
  define("kindOf", "func(any) string", kindOf),
  define("kindIs", "func(string, any) bool", (name, value) => name === kindOf(value)),
  defineWithBudget("deepEqual", "func(any, any) bool", deepEqual),
];
