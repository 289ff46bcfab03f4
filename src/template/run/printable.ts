/** What is printed for an operand: pointers are followed, nothing becomes `<no value>` (text/template/exec.go, printableValue). */
import { str } from "../values/make.ts";
import type { Value } from "../values/model.ts";
import { indirect, type Operand, toValue } from "./operand.ts";

/** The value for the printer; undefined where it cannot be printed (a function). */
export function printableOf(operand: Operand): Value | undefined {
  if (operand === undefined) return str("<no value>");
  if (operand.kind !== "ptr") return operand.kind === "func" ? undefined : toValue(operand);
  const { end, pointer } = indirect(operand);
  if (end === undefined) return str("<no value>");
  const speaks = (each: Operand) => each?.type.methods.has("String") || each?.type.methods.has("Error");
  if (!speaks(end) && speaks(pointer)) return toValue(pointer);
  return end.kind === "func" ? undefined : toValue(end);
}
