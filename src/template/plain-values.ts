/** Template values as plain JS values and back, for callers who are no templates. Texts are JS texts outside. */
import { GoError } from "./go/go-error.ts";
import { decodeText, encodeText } from "./go/utf8.ts";
import { bool, dict, elements, float64, int, integer, list, nil, sortedKeys, str } from "./values/make.ts";
import type { GoType, Value } from "./values/model.ts";
import { anyType, isExported, isIntType, mapOf } from "./values/types.ts";

/** A value with methods, which has no plain form: it stays here, and the caller gets a name for it. */
export class Opaque {
  readonly value: Value;
  constructor(value: Value) {
    this.value = value;
  }
}

/** What JS has for a template value; `bigint` where a number would lose digits. */
export type Plain =
  | null
  | boolean
  | string
  | number
  | bigint
  | Opaque
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** Values deeper than this have no plain form: they may contain themselves. */
const depthLimit = 100;

/** @throws GoError for what is nested too deep */
export function toPlain(value: Value, depth = 0): Plain {
  if (depth > depthLimit) throw new GoError(`value nested deeper than ${depthLimit} levels`);
  if (value.kind === "nil") return null;
  if (value.kind === "struct" && value.type.methods.size === 0 && value.native === undefined) {
    const fields = [...value.fields].filter(([name]) => isExported(name));
    return Object.fromEntries(fields.map(([name, field]) => [name, toPlain(field, depth + 1)]));
  }
  if (
    value.type.methods.size > 0 ||
    value.kind === "func" ||
    value.kind === "complex128" ||
    value.kind === "struct"
  )
    return new Opaque(value);
  switch (value.kind) {
    case "bool":
    case "float32":
    case "float64":
      return value.value;
    case "string":
      return decodeText(value.value);
    case "slice":
      return elements(value).map((each) => toPlain(each, depth + 1));
    case "map":
      return Object.fromEntries(
        sortedKeys(value).map((key) => [decodeText(key), toPlain(value.entries.get(key) ?? nil, depth + 1)]),
      );
    case "ptr":
      return value.elem === undefined ? null : toPlain(value.elem, depth + 1);
    default:
      return Number.isSafeInteger(Number(value.value)) ? Number(value.value) : value.value;
  }
}

/**
 * A plain value as an argument for a parameter of the type: numbers become the type asked for, and an `int` or a
 * `float64` where any will do; objects become maps, of strings where those are asked for.
 */
export function fromPlain(plain: Plain, type: GoType): Value {
  if (plain === null) return nil;
  if (typeof plain === "boolean") return bool(plain);
  if (typeof plain === "string") return str(encodeText(plain));
  if (typeof plain === "number" || typeof plain === "bigint") return fromNumber(plain, type);
  if (Array.isArray(plain)) {
    const elem = type.kind === "slice" ? type.elem : anyType;
    return list(
      plain.map((each: Plain) => fromPlain(each, elem)),
      elem,
    );
  }
  if (plain instanceof Opaque) {
    // In JS a digest is as good as its text.
    const { value } = plain;
    return type.name === "string" && value.kind === "string" ? str(value.value) : value;
  }
  const elem = type.kind === "map" ? type.elem : anyType;
  const entries = Object.entries(plain).map(([key, each]): [string, Value] => [
    encodeText(key),
    fromPlain(each, elem),
  ]);
  return { ...dict(new Map(entries), elem), type: mapOf(elem) };
}

function fromNumber(plain: number | bigint, type: GoType): Value {
  const isWhole = typeof plain === "bigint" || Number.isInteger(plain);
  if (type.kind === "float64" || !isWhole) return float64(Number(plain));
  return isIntType(type) ? integer(plain, type) : int(plain);
}
