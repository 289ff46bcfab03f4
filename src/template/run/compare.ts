/** The built-in functions that compare: eq, ne, lt, le, gt, ge (text/template/funcs.go). */
import type { Budget } from "../budget.ts";
import { GoError } from "../go/go-error.ts";
import { sprintf } from "../print/sprintf.ts";
import { bool } from "../values/make.ts";
import type { GoType, TypedValue, Value } from "../values/model.ts";
import { isFloat, isInt, isUnsigned } from "../values/value.ts";
import { builtin, type EngineFunction, operandType } from "./engine-function.ts";
import { type Operand, toValue, unbox } from "./operand.ts";

/** By their names. */
export const comparisons: Readonly<Record<string, EngineFunction>> = {
  eq: builtin([operandType, operandType], true, (budget, [first, ...others]) =>
    bool(isEqualToAny(budget, unbox(first), others.map(unbox))),
  ),
  ne: ordered((budget, a, b) => !isEqualToAny(budget, a, [b])),
  lt: ordered((_budget, a, b) => isLess(a, b)),
  le: ordered((budget, a, b) => isLess(a, b) || isEqualToAny(budget, a, [b])),
  gt: ordered((budget, a, b) => !(isLess(a, b) || isEqualToAny(budget, a, [b]))),
  ge: ordered((_budget, a, b) => !isLess(a, b)),
};

type Compared = TypedValue | undefined;

function ordered(compare: (budget: Budget, a: Compared, b: Compared) => boolean): EngineFunction {
  return builtin([operandType, operandType], false, (budget, [a, b]: readonly Operand[]) =>
    bool(compare(budget, unbox(a), unbox(b))),
  );
}

/** The kinds that compare with each other; undefined for all others. */
function basicKind(value: Compared): "bool" | "int" | "uint" | "float" | "complex" | "string" | undefined {
  if (value === undefined) return undefined;
  if (value.kind === "bool" || value.kind === "string") return value.kind;
  if (isInt(value)) return isUnsigned(value) ? "uint" : "int";
  if (isFloat(value)) return "float";
  return value.kind === "complex128" ? "complex" : undefined;
}

/** Whether the first equals one of the others. @throws GoError for what does not compare */
function isEqualToAny(budget: Budget, first: Compared, others: readonly Compared[]): boolean {
  if (others.length === 0) throw new GoError("missing argument for comparison");
  return others.some((other) => isEqual(budget, first, other));
}

function isEqual(budget: Budget, a: Compared, b: Compared): boolean {
  const [kindA, kindB] = [basicKind(a), basicKind(b)];
  if (a !== undefined && b !== undefined) {
    if (isInt(a) && isInt(b)) return a.value === b.value;
    if (kindA !== kindB) throw new GoError("incompatible types for comparison");
  } else if (kindA !== kindB) return false;
  if (kindA === undefined) return isSameObject(budget, a, b);
  if (a?.kind === "complex128" && b?.kind === "complex128") return a.re === b.re && a.im === b.im;
  return basicValue(a) === basicValue(b);
}

function basicValue(value: Compared): unknown {
  return value !== undefined && "value" in value ? value.value : undefined;
}

/** Equality of what is no number, string or truth value: only of nils, pointers and plain structs. */
function isSameObject(budget: Budget, a: Compared, b: Compared): boolean {
  if (a !== undefined && b !== undefined && a.kind !== b.kind)
    throw new GoError(
      sprintf(budget, `non-comparable types %s: ${a.type.name}, ${b.type.name}: %v`, [a, toValue(b)]),
    );
  if (isNil(a) || isNil(b)) return isNil(a) === isNil(b);
  if (b !== undefined && !isComparable(b.type))
    throw new GoError(sprintf(budget, `non-comparable type %s: ${b.type.name}`, [b]));
  return isIdentical(a, b);
}

function isNil(value: Compared): boolean {
  if (value === undefined) return true;
  if (value.kind === "slice" || value.kind === "map") return value.isNil;
  if (value.kind === "ptr") return value.elem === undefined;
  return value.kind === "func" && value.call === undefined;
}

function isComparable(type: GoType): boolean {
  if (type.kind === "struct") return type.fields.every((field) => isComparable(field.type));
  return type.kind !== "slice" && type.kind !== "map" && type.kind !== "func";
}

function isIdentical(a: Compared, b: Compared): boolean {
  if (a === b) return true;
  if (a?.kind === "ptr" && b?.kind === "ptr") return a.type.name === b.type.name && a.elem === b.elem;
  if (a?.kind !== "struct" || b?.kind !== "struct" || a.type.name !== b.type.name) return false;
  return (
    a.native === b.native &&
    a.type.fields.every(({ name }) => isSameField(a.fields.get(name), b.fields.get(name)))
  );
}

function isSameField(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true;
  if (a?.kind === "ptr" && b?.kind === "ptr") return a.elem === b.elem;
  return a !== undefined && b !== undefined && "value" in a && "value" in b && a.value === b.value;
}

/** @throws GoError for what has no order */
function isLess(a: Compared, b: Compared): boolean {
  const [kindA, kindB] = [basicKind(a), basicKind(b)];
  if (a === undefined || b === undefined || kindA === undefined || kindB === undefined)
    throw new GoError("invalid type for comparison");
  if (isInt(a) && isInt(b)) return a.value < b.value;
  if (kindA !== kindB) throw new GoError("incompatible types for comparison");
  if (a.kind === "string" && b.kind === "string") return a.value < b.value;
  if (isFloat(a) && isFloat(b)) return a.value < b.value;
  throw new GoError("invalid type for comparison");
}
