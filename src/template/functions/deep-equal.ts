/** Whether two values are the same all the way down: Go's reflect.DeepEqual. */
import { isDeepStrictEqual } from "node:util";
import type { Budget } from "../budget.ts";
import { elements } from "../values/make.ts";
import type { Value } from "../values/model.ts";

/** Types count: int 1 is not int64 1, and a nil list is not an empty one. Takes a step for each value looked at. */
export function deepEqual(budget: Budget, a: Value, b: Value, depth = 0): boolean {
  budget.steps();
  budget.nesting(depth);
  if (a.kind === "nil" || b.kind === "nil") return a.kind === b.kind;
  if (a.type.name !== b.type.name) return false;
  const isSame = (x: Value, y: Value) => deepEqual(budget, x, y, depth + 1);
  if (a.kind === "slice" && b.kind === "slice") {
    if (a.isNil !== b.isNil || a.length !== b.length) return false;
    if (a.backing === b.backing && a.offset === b.offset) return true;
    const others = elements(b);
    return elements(a).every((each, at) => isSame(each, others[at] ?? each));
  }
  if (a.kind === "map" && b.kind === "map") {
    return a.isNil === b.isNil && (a.entries === b.entries || areSameEntries(a.entries, b.entries, isSame));
  }
  if (a.kind === "struct" && b.kind === "struct") {
    return areSameEntries(a.fields, b.fields, isSame) && isDeepStrictEqual(a.native, b.native);
  }
  if (a.kind === "ptr" && b.kind === "ptr") {
    if (a.elem === undefined || b.elem === undefined) return a.elem === b.elem;
    return a === b || a.elem === b.elem || isSame(a.elem, b.elem);
  }
  if (a.kind === "string") budget.read(a.value.length);
  if (a.kind === "func" && b.kind === "func") return a.call === undefined && b.call === undefined;
  if (a.kind === "complex128" && b.kind === "complex128") return a.re === b.re && a.im === b.im;
  return "value" in a && "value" in b && a.value === b.value;
}

function areSameEntries(
  a: ReadonlyMap<string, Value>,
  b: ReadonlyMap<string, Value>,
  isSame: (x: Value, y: Value) => boolean,
): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) {
    const other = b.get(key);
    if (other === undefined || !isSame(value, other)) return false;
  }
  return true;
}
