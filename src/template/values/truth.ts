/** When a value counts as true for `if`, `with`, `and`, `or`, `not`. */
import type { Value } from "./model.ts";

/** Go's `template.IsTrue`: false for zero numbers, empty strings, lists and maps, nil; structs are always true. */
export function isTrue(value: Value): boolean {
  switch (value.kind) {
    case "nil":
      return false;
    case "bool":
      return value.value;
    case "string":
      return value.value.length > 0;
    case "slice":
      return value.length > 0;
    case "map":
      return value.entries.size > 0;
    case "struct":
      return true;
    case "ptr":
      return value.elem !== undefined;
    case "func":
      return value.call !== undefined;
    case "complex128":
      return value.re !== 0 || value.im !== 0;
    case "float32":
    case "float64":
      return value.value !== 0;
    default:
      return value.value !== 0n;
  }
}
