/** Finds what `.name` means on a value: a method, a field, or an entry of a map (text/template/exec.go, evalField). */
import { isAssignable } from "../values/assign.ts";
import { isExported, stringType } from "../values/types.ts";
import { TypeFault } from "./check-type.ts";
import { type EngineFunction, engineFunction } from "./engine-function.ts";
import { fromPlace, indirect, type Operand, toValue } from "./operand.ts";

/** A method to call, or what is there. */
export type Found = { method: EngineFunction } | { value: Operand };

/**
 * @param hasArguments a field takes none
 * @throws TypeFault when the value has nothing of that name
 */
export function findField(receiver: Operand, name: string, hasArguments: boolean): Found {
  if (receiver === undefined) return { value: undefined };
  const typeName = receiver.type.name;
  const { end, isNil, pointer } = indirect(receiver);
  if (end === undefined || (end.kind === "interface" && isNil))
    throw new TypeFault(`nil pointer evaluating ${typeName}.${name}`);
  const method = methodOf(end, name) ?? methodOf(pointer, name);
  if (method !== undefined) return { method };
  if (end.kind === "struct") {
    const field = end.type.fields.find((each) => each.name === name);
    const value = end.fields.get(name);
    if (field !== undefined) {
      if (!isExported(name) || value === undefined)
        throw new TypeFault(`${name} is an unexported field of struct type ${typeName}`);
      if (hasArguments) throw new TypeFault(`${name} has arguments but cannot be invoked as function`);
      return { value: fromPlace(value, field.type) };
    }
  }
  if (end.kind === "map" && isAssignable(stringType, end.type.key)) {
    if (hasArguments) throw new TypeFault(`${name} is not a method but has arguments`);
    const entry = end.entries.get(name);
    return { value: entry === undefined ? undefined : fromPlace(entry, end.type.elem) };
  }
  if (end.kind === "ptr") {
    const { elem } = end.type;
    const lacks = elem.kind === "struct" && !elem.fields.some((field) => field.name === name);
    if (!lacks) throw new TypeFault(`nil pointer evaluating ${typeName}.${name}`);
  }
  throw new TypeFault(`can't evaluate field ${name} in type ${typeName}`);
}

function methodOf(receiver: Operand, name: string): EngineFunction | undefined {
  const method = isExported(name) ? receiver?.type.methods.get(name) : undefined;
  return method === undefined ? undefined : engineFunction(method.bind(toValue(receiver)));
}
