/** Makes functions and methods that templates can call out of a Go signature and a plain body. */
import type { Budget } from "../budget.ts";
import { bool, integer, list, str, strings } from "./make.ts";
import type { Callable, FuncType, GoType, Method, Value } from "./model.ts";
import { parseSignature } from "./parse-type.ts";
import type { ArgumentsOf, OutcomeOf } from "./signature.ts";

/** A function with its name in templates. */
export interface NamedFunction extends Callable {
  name: string;
}

/** What bodies give back before it is wrapped. */
type Native = Value | string | boolean | bigint | number | readonly string[] | Value[];

/**
 * A function by its Go signature: `define("trunc", "func(int, string) string", (count, text) => ...)`. The caller has
 * checked the arguments; `string`, `bool`, `int`, `int64` and `float64` come as JS values (see `Argument`), all else as
 * values. The body throws `GoError` or `GoPanic` to fail.
 * @param extra the types that the signature names beyond the basic ones
 */
export function define<const S extends string>(
  name: string,
  signature: S,
  body: (...args: ArgumentsOf<S>) => OutcomeOf<S>,
  extra: readonly GoType[] = [],
): NamedFunction {
  return defineWithBudget(name, signature, (_budget, ...args) => body(...args), extra);
}

/** {@link define} for a body that can make something big: it gets the run's budget first and asks it *before* it makes it. */
export function defineWithBudget<const S extends string>(
  name: string,
  signature: S,
  body: (budget: Budget, ...args: ArgumentsOf<S>) => OutcomeOf<S>,
  extra: readonly GoType[] = [],
): NamedFunction {
  return { name, ...callable(signature, body, extra) };
}

/** A method by its Go signature, without the receiver: `method("func() string", (receiver) => ...)`. */
export function method<const S extends string>(
  signature: S,
  body: (receiver: Value, ...args: ArgumentsOf<S>) => OutcomeOf<S>,
  extra: readonly GoType[] = [],
): Method {
  let type: FuncType | undefined;
  return {
    bind(receiver) {
      // Read late: the signature may name the very type that the method belongs to.
      type ??= parseSignature(signature, extra);
      return callableOf(type, (_budget, ...args: ArgumentsOf<S>) => body(receiver, ...args));
    },
  };
}

function callable<const S extends string>(
  signature: S,
  body: (budget: Budget, ...args: ArgumentsOf<S>) => OutcomeOf<S>,
  extra: readonly GoType[],
): Callable {
  return callableOf(parseSignature(signature, extra), body);
}

function callableOf<A extends unknown[]>(
  type: FuncType,
  body: (budget: Budget, ...args: A) => Native,
): Callable {
  return {
    type,
    call(budget, args) {
      // The signature's text made both the checked types and A: this is the one place that joins them.
      const natives = args.map((each, at) =>
        toArgument(each, type.params[Math.min(at, type.params.length - 1)]),
      ) as A;
      const result = wrap(body(budget, ...natives), type.result);
      if (result.kind === "string") budget.madeString(result.value.length);
      else if (result.kind === "slice") budget.madeList(result.length);
      else if (result.kind === "map") budget.madeList(result.entries.size);
      return result;
    },
  };
}

function toArgument(value: Value, type: GoType | undefined): unknown {
  if (type === undefined || type.name !== type.kind) return value;
  switch (value.kind) {
    case "bool":
    case "string":
    case "float64":
      return value.value;
    case "int":
      return Number(value.value);
    case "int64":
    case "uint8":
    case "uint32":
    case "uint64":
      return value.value;
    default:
      return value;
  }
}

function wrap(result: Native, type: GoType): Value {
  if (typeof result === "string") return str(result);
  if (typeof result === "boolean") return bool(result);
  if (typeof result === "bigint" || typeof result === "number") return wrapNumber(result, type);
  if (!Array.isArray(result)) return result as Value;
  return result.every((each) => typeof each === "string") &&
    type.kind === "slice" &&
    type.elem.kind === "string"
    ? strings(result)
    : list(result as Value[]);
}

function wrapNumber(result: bigint | number, type: GoType): Value {
  if (type.kind === "float64") return { kind: "float64", type, value: Number(result) };
  switch (type.kind) {
    case "interface":
    case "slice":
    case "map":
    case "ptr":
    case "struct":
    case "func":
      throw new TypeError(`a number is no ${type.name}`);
    default:
      return integer(result, type);
  }
}
