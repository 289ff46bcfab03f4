/** The built-in function call, which calls a function value (text/template/funcs.go). */
import { GoError } from "../go/go-error.ts";
import { canBeNil, isAssignable } from "../values/assign.ts";
import { integer } from "../values/make.ts";
import type { GoType, Value } from "../values/model.ts";
import { isIntType } from "../values/types.ts";
import { isInt } from "../values/value.ts";
import { zeroOf } from "../values/zero.ts";
import { fromPlace, type Operand, unbox } from "./operand.ts";

/** @param name the function's source form, for messages @throws GoError */
export function callValue(name: string, callee: Operand, args: readonly Operand[]): Operand {
  const value = unbox(callee);
  if (value === undefined) throw new GoError("call of nil");
  if (value.kind !== "func") throw new GoError(`non-function ${name} of type ${value.type.name}`);
  const { params, variadic, result } = value.type;
  const least = variadic ? params.length - 1 : params.length;
  if (variadic ? args.length < least : args.length !== least)
    throw new GoError(
      `wrong number of args for ${name}: got ${args.length} want ${variadic ? "at least " : ""}${least}`,
    );
  const prepared = args.map((arg, at) => prepare(arg, params[Math.min(at, params.length - 1)], at));
  if (value.call === undefined)
    throw new GoError("runtime error: invalid memory address or nil pointer dereference");
  return fromPlace(value.call(prepared), result);
}

function prepare(operand: Operand, type: GoType | undefined, at: number): Value {
  const arg = unbox(operand);
  if (type === undefined) throw new GoError(`arg ${at}: no parameter`);
  if (arg === undefined) {
    if (!canBeNil(type)) throw new GoError(`arg ${at}: value is nil; should be of type ${type.name}`);
    return zeroOf(type);
  }
  if (isAssignable(arg.type, type)) return arg;
  if (isInt(arg) && isIntType(type)) return integer(arg.value, type);
  throw new GoError(`arg ${at}: value has type ${arg.type.name}; should be ${type.name}`);
}
