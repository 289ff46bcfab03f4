/** Calls the room's functions, and the methods of its values, from outside of any template. */
import type { Budget } from "./budget.ts";
import { functionTable } from "./functions/function-table.ts";
import { GoError } from "./go/go-error.ts";
import { encodeText } from "./go/utf8.ts";
import { fromPlain, type Plain, toPlain } from "./plain-values.ts";
import { sprint } from "./print/sprint.ts";
import { builtins } from "./run/builtins.ts";
import { callValue } from "./run/call-value.ts";
import { checkType, TypeFault } from "./run/check-type.ts";
import { type EngineFunction, engineFunction } from "./run/engine-function.ts";
import { fromPlace, type Operand, toValue } from "./run/operand.ts";
import type { NamedFunction } from "./values/define.ts";
import type { Value } from "./values/model.ts";
import { isTrue } from "./values/truth.ts";
import { anyType } from "./values/types.ts";

/** Names of all functions that a template can call. @param extra beyond the room's own */
export function functionNames(extra: readonly NamedFunction[]): string[] {
  return [
    ...new Set([...Object.keys(builtins), ...functionTable().keys(), ...extra.map(({ name }) => name)]),
  ];
}

/**
 * Calls a function with plain arguments, as a template would.
 * @throws GoError with the function's message (a byte string), AceError when a limit is passed
 */
export function callFunction(
  name: string,
  args: readonly Plain[],
  budget: Budget,
  extra: readonly NamedFunction[],
): Plain {
  const named = extra.find((each) => each.name === name) ?? functionTable().get(name);
  const called =
    named === undefined
      ? Object.hasOwn(builtins, name)
        ? builtins[name]
        : undefined
      : engineFunction(named);
  if (called === undefined) throw new GoError(`there is no function ${encodeText(name)}`);
  // The engine evaluates these itself.
  if (name === "and" || name === "or") return logic(name, args);
  if (name === "call") {
    const [callee, ...rest] = args.map((each) => fromPlace(fromPlain(each, anyType), anyType));
    return toPlain(toValue(callValue("argument", callee, rest)));
  }
  return apply(name, called, args, budget);
}

/** Calls a method of a value. @throws GoError */
export function callMethod(receiver: Value, name: string, args: readonly Plain[], budget: Budget): Plain {
  const method = receiver.kind === "nil" ? undefined : receiver.type.methods.get(name);
  if (method === undefined) throw new GoError(`there is no method ${encodeText(name)}`);
  return apply(name, engineFunction(method.bind(receiver)), args, budget);
}

/** Names of a value's methods. */
export function methodNames(value: Value): string[] {
  return value.kind === "nil" ? [] : [...value.type.methods.keys()];
}

/** A value as templates print it; a byte string. */
export function printed(value: Value, budget: Budget): string {
  return sprint(budget, [value]);
}

function apply(name: string, called: EngineFunction, args: readonly Plain[], budget: Budget): Plain {
  const { params, variadic } = called.type;
  const least = variadic ? params.length - 1 : params.length;
  if (args.length < least || (!variadic && args.length > least))
    throw new GoError(
      `wrong number of args for ${name}: want ${variadic ? "at least " : ""}${least} got ${args.length}`,
    );
  const operands = args.map((arg, at) => operandOf(arg, at, called));
  return toPlain(toValue(called.call(budget, operands)));
}

function operandOf(arg: Plain, at: number, called: EngineFunction): Operand {
  const type = called.type.params[Math.min(at, called.type.params.length - 1)] ?? anyType;
  const value = fromPlain(arg, type);
  try {
    return checkType(value.kind === "nil" ? undefined : value, type);
  } catch (error) {
    if (error instanceof TypeFault) throw new GoError(error.message);
    throw error;
  }
}

function logic(name: "and" | "or", args: readonly Plain[]): Plain {
  if (args.length === 0) throw new GoError(`wrong number of args for ${name}: want at least 1 got 0`);
  const decides = args.find((each) => isTrue(fromPlain(each, anyType)) === (name === "or"));
  return decides === undefined ? (args.at(-1) ?? null) : decides;
}
