/** Whether a value of one type can stand where another is asked for. */
import type { GoType } from "./model.ts";

/**
 * Go's `AssignableTo` for the types that occur: the same type, or an interface whose methods are there.
 * `int64` is not assignable to `int`, nor `digest.Digest` to `string`.
 */
export function isAssignable(from: GoType, to: GoType): boolean {
  if (from.name === to.name) return true;
  if (to.kind !== "interface") return false;
  const has = from.kind === "interface" ? new Set(from.needs) : from.methods;
  return to.needs.every((name) => has.has(name));
}

/** Whether nil can stand for a value of the type. */
export function canBeNil(type: GoType): boolean {
  return ["func", "interface", "map", "ptr", "slice"].includes(type.kind);
}
