/** What the engine computes with: a value, the content of an interface, or nothing at all. */
import { nil } from "../values/make.ts";
import type { GoType, InterfaceType, TypedValue, Value } from "../values/model.ts";

/** A value seen through an interface: the element of a `[]any`. Messages name the interface's type, not the value's. */
export interface Boxed {
  kind: "interface";
  type: InterfaceType;
  /** Undefined is the interface's nil. */
  inner: TypedValue | undefined;
}

/** Undefined is "no value" (Go's zero reflect.Value): a missing key, or nil itself. */
export type Operand = TypedValue | Boxed | undefined;

/** How the engine sees a value found where the type is `type`: in a container, or as a function's result. */
export function fromPlace(value: Value, type: GoType): Operand {
  if (type.kind === "interface")
    return { kind: "interface", type, inner: value.kind === "nil" ? undefined : value };
  return value.kind === "nil" ? undefined : value;
}

/** The value itself, as an `any` holds it. */
export function toValue(operand: Operand): Value {
  return unbox(operand) ?? nil;
}

/** Out of the interface; its nil is no value. */
export function unbox(operand: Operand): TypedValue | undefined {
  return operand?.kind === "interface" ? operand.inner : operand;
}

/** Where a chain of pointers and interfaces ends: at something, or at a nil, which is then given as it is. */
export function indirect(operand: Operand): { end: Operand; isNil: boolean; pointer: Operand } {
  let end = operand;
  let pointer: Operand;
  while (end?.kind === "ptr" || end?.kind === "interface") {
    if (end.kind === "ptr") {
      if (end.elem === undefined) return { end, isNil: true, pointer };
      pointer = end;
      end = fromPlace(end.elem, end.type.elem);
    } else {
      if (end.inner === undefined) return { end, isNil: true, pointer };
      end = end.inner;
    }
  }
  return { end, isNil: false, pointer };
}
