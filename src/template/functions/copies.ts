/** Functions that copy values all the way down (github.com/mitchellh/copystructure). */
import type { Budget } from "../budget.ts";
import { GoPanic } from "../go/go-error.ts";
import { defineWithBudget } from "../values/define.ts";
import { elements } from "../values/make.ts";
import type { Value } from "../values/model.ts";

/** deepCopy and its twin. */
export const copyFunctions = [
  defineWithBudget("deepCopy", "func(any) any", copyWhole),
  defineWithBudget("mustDeepCopy", "func(any) (any, error)", copyWhole),
];

function copyWhole(budget: Budget, value: Value): Value {
  if (value.kind === "nil") throw new GoPanic("reflect: call of reflect.Value.Type on zero Value");
  return deepCopy(budget, value, 0);
}

/** Lists, maps and what pointers point to are new; opaque structs (times, versions) are shared, nothing changes them. */
function deepCopy(budget: Budget, value: Value, depth: number): Value {
  budget.steps();
  budget.nesting(depth);
  const copy = (each: Value) => deepCopy(budget, each, depth + 1);
  switch (value.kind) {
    case "slice":
      return { ...value, backing: elements(value).map(copy), offset: 0 };
    case "map":
      return { ...value, entries: new Map([...value.entries].map(([key, each]) => [key, copy(each)])) };
    case "struct":
      return { ...value, fields: new Map([...value.fields].map(([key, each]) => [key, copy(each)])) };
    case "ptr":
      return { ...value, elem: value.elem === undefined ? undefined : copy(value.elem) };
    default:
      return value;
  }
}
