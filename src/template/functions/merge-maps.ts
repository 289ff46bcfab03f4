/** One map merged into another one, deep, as sprig does it (dario.cat/mergo). */
import type { Budget } from "../budget.ts";
import { GoPanic } from "../go/go-error.ts";
import { isAssignable } from "../values/assign.ts";
import type { MapValue, Value } from "../values/model.ts";

/**
 * Takes over what `into` lacks or has empty; with `overwrite` everything, empty values too. Maps on both sides are
 * merged, lists are not. Takes a step for each key.
 */
export function mergeInto(
  budget: Budget,
  into: MapValue,
  from: MapValue,
  overwrite: boolean,
  depth = 0,
): void {
  budget.nesting(depth);
  for (const [key, value] of [...from.entries]) {
    budget.steps();
    const present = into.entries.get(key);
    if (value.kind === "nil") {
      if (overwrite) put(budget, into, from, key, value);
      continue;
    }
    const areMaps = value.kind === "map" && present?.kind === "map" && !present.isNil;
    if (areMaps) mergeInto(budget, present, value, overwrite, depth + 1);
    const isKept = present !== undefined && !isEmpty(present);
    if (isKept && (areMaps || !overwrite)) continue;
    put(budget, into, from, key, value);
  }
}

function put(budget: Budget, into: MapValue, from: MapValue, key: string, value: Value): void {
  if (!isAssignable(from.type.elem, into.type.elem)) {
    const [found, wanted] = [from.type.elem.name, into.type.elem.name];
    throw new GoPanic(
      `reflect.Value.SetMapIndex: value of type ${found} is not assignable to type ${wanted}`,
    );
  }
  budget.list(into.entries.size + 1);
  into.entries.set(key, value);
}

/** mergo's isEmptyValue, which looks through pointers; structs are never empty. */
function isEmpty(value: Value): boolean {
  switch (value.kind) {
    case "nil":
      return true;
    case "ptr":
      return value.elem === undefined || isEmpty(value.elem);
    case "slice":
      return value.length === 0;
    case "map":
      return value.entries.size === 0;
    case "string":
      return value.value === "";
    case "bool":
      return !value.value;
    case "float32":
    case "float64":
      return value.value === 0;
    case "func":
      return value.call === undefined;
    case "struct":
    case "complex128":
      return false;
    default:
      return value.value === 0n;
  }
}
