/** Checks an argument against the type of its parameter (text/template/exec.go, validateType). */
import { canBeNil, isAssignable } from "../values/assign.ts";
import type { GoType } from "../values/model.ts";
import { zeroOf } from "../values/zero.ts";
import { operandType } from "./engine-function.ts";
import { fromPlace, type Operand } from "./operand.ts";

/** What is wrong with an argument, in Go's words. */
export class TypeFault extends Error {
  override readonly name = "TypeFault";
}

/** The operand as the parameter takes it: a pointer may be followed once. @throws TypeFault */
export function checkType(operand: Operand, type: GoType): Operand {
  if (type === operandType) return operand;
  if (operand === undefined) {
    if (canBeNil(type)) return fromPlace(zeroOf(type), type);
    throw new TypeFault(`invalid value; expected ${type.name}`);
  }
  if (isAssignable(operand.type, type)) return operand;
  const value = operand.kind === "interface" && operand.inner !== undefined ? operand.inner : operand;
  if (isAssignable(value.type, type)) return value;
  if (value.kind === "ptr" && isAssignable(value.type.elem, type)) {
    if (value.elem === undefined) throw new TypeFault(`dereference of nil pointer of type ${type.name}`);
    return fromPlace(value.elem, value.type.elem);
  }
  throw new TypeFault(`wrong type for value; expected ${type.name}; got ${value.type.name}`);
}
