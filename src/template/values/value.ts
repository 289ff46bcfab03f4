/** Asks of a value what kind and type it has. */
import type { FloatValue, IntValue, Value } from "./model.ts";
import { isIntKind } from "./types.ts";

/** The kind as `reflect.Kind` prints it; `invalid` for nil. */
export function kindOf(value: Value): string {
  return value.kind === "nil" ? "invalid" : value.kind;
}

/** The type as `%T` prints it; `<nil>` for nil. */
export function typeName(value: Value): string {
  return value.kind === "nil" ? "<nil>" : value.type.name;
}

/** Whether it is one of Go's integer kinds, signed or not. */
export function isInt(value: Value): value is IntValue {
  return isIntKind(value.kind);
}

/** Whether it is `uint`, `uint8`, ... `uintptr`. */
export function isUnsigned(value: Value): value is IntValue {
  return value.kind.startsWith("uint");
}

/** Whether it is `float32` or `float64`. */
export function isFloat(value: Value): value is FloatValue {
  return value.kind === "float64" || value.kind === "float32";
}
