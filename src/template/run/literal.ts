/** The value of a literal argument, by the type of its parameter (text/template/exec.go, evalArg and idealConstant). */
import type { BoolNode, NumberNode, Operand as OperandNode, StringNode } from "../syntax/node.ts";
import type { NumberLiteral } from "../syntax/read-number.ts";
import { showNode } from "../syntax/show-node.ts";
import { bool, complex128, float64, int, integer, str } from "../values/make.ts";
import type { GoType, TypedValue } from "../values/model.ts";
import { TypeFault } from "./check-type.ts";
import { operandType } from "./engine-function.ts";

/** A node that is its own value. */
export type LiteralNode = BoolNode | NumberNode | StringNode;

export function isLiteral(node: OperandNode): node is LiteralNode {
  return node.kind === "bool" || node.kind === "number" || node.kind === "string";
}

/** The literal where nothing says which type it should have. @throws TypeFault */
export function valueOfLiteral(node: LiteralNode): TypedValue {
  if (node.kind === "bool") return bool(node.value);
  if (node.kind === "string") return str(node.value);
  return valueOfNumber(node.literal);
}

/** The literal converted to a parameter's type. @throws TypeFault */
export function literalAs(node: LiteralNode, type: GoType): TypedValue {
  const expected = (what: string) => new TypeFault(`expected ${what}; found ${showNode(node)}`);
  const number = node.kind === "number" ? node.literal : undefined;
  if (type === operandType) return valueOfLiteral(node);
  switch (type.kind) {
    case "bool":
      if (node.kind !== "bool") throw expected("bool");
      return { ...bool(node.value), type };
    case "string":
      if (node.kind !== "string") throw expected("string");
      return str(node.value, type);
    case "complex128":
      if (number?.complex === undefined) throw expected("complex");
      return complex128(number.complex.re, number.complex.im);
    case "float32":
    case "float64":
      if (number?.float === undefined) throw expected("float");
      return { kind: type.kind, type, value: number.float };
    case "int":
    case "int8":
    case "int16":
    case "int32":
    case "int64":
      if (number?.int === undefined) throw expected("integer");
      return integer(number.int, type);
    case "interface":
      if (type.needs.length === 0) return valueOfLiteral(node);
      break;
    case "slice":
    case "map":
    case "ptr":
    case "func":
    case "struct":
      break;
    default:
      if (number?.uint === undefined) throw expected("unsigned integer");
      return integer(number.uint, type);
  }
  throw new TypeFault(`can't handle ${showNode(node)} for arg of type ${type.name}`);
}

function valueOfNumber(literal: NumberLiteral): TypedValue {
  const { text } = literal;
  if (literal.complex !== undefined) return complex128(literal.complex.re, literal.complex.im);
  const isHexadecimal = /^0[xX]./.test(text) && !/[pP]/.test(text);
  if (literal.float !== undefined && !isHexadecimal && !text.startsWith("'") && /[.eEpP]/.test(text))
    return float64(literal.float);
  if (literal.int === undefined) throw new TypeFault(`${text} overflows int`);
  return int(literal.int);
}
