/** A function as the engine calls it: its arguments are checked operands. */
import type { Budget } from "../budget.ts";
import type { Callable, FuncType, GoType } from "../values/model.ts";
import { anyType, structType } from "../values/types.ts";
import { fromPlace, type Operand, toValue } from "./operand.ts";

/** A function of the table, a built-in one, or a method with its receiver. */
export interface EngineFunction {
  type: FuncType;
  /** @throws GoError what the function refuses */
  call: (budget: Budget, args: readonly Operand[]) => Operand;
}

/** The type of arguments that built-in functions take as they are, even when there is no value. */
export const operandType = structType("reflect.Value", []);

/** A function over values, for the engine. */
export function engineFunction(callable: Callable): EngineFunction {
  const { type } = callable;
  return { type, call: (budget, args) => fromPlace(callable.call(budget, args.map(toValue)), type.result) };
}

/** A built-in function over operands. @param variadic the last parameter repeats */
export function builtin(
  params: readonly GoType[],
  variadic: boolean,
  call: (budget: Budget, args: readonly Operand[]) => Operand,
): EngineFunction {
  const type: FuncType = {
    kind: "func",
    name: "func",
    methods: new Map(),
    params,
    variadic,
    result: anyType,
  };
  return { type, call };
}
