/** Reads the Go signatures that functions are registered with. */
import type { FuncType, GoType } from "./model.ts";
import * as types from "./types.ts";

const named: Readonly<Record<string, GoType>> = {
  any: types.anyType,
  bool: types.boolType,
  string: types.stringType,
  int: types.intType,
  int64: types.int64Type,
  uint8: types.uint8Type,
  uint32: types.uint32Type,
  uint64: types.uint64Type,
  float64: types.float64Type,
  error: types.errorType,
};

/**
 * The type that a piece of Go means.
 * @param extra types beyond the basic ones, found by their names
 * @throws TypeError for a name that nobody gave
 */
export function parseType(text: string, extra: readonly GoType[] = []): GoType {
  if (text.startsWith("[]")) return types.sliceOf(parseType(text.slice(2), extra));
  if (text.startsWith("map[string]")) return types.mapOf(parseType(text.slice(11), extra));
  const found = named[text] ?? extra.find((each) => each.name === text);
  if (found === undefined) throw new TypeError(`no such type: ${text}`);
  return found;
}

/**
 * The type of a function, `func(A, ...B) R` or `func(A) (R, error)`.
 * @throws TypeError for what is no signature: a fault of this program
 */
export function parseSignature(text: string, extra: readonly GoType[] = []): FuncType {
  const match = /^func\((.*?)\) (?:\((.*), error\)|(.*))$/.exec(text);
  if (match === null) throw new TypeError(`no signature: ${text}`);
  const [, inside = "", first, only] = match;
  const params = inside === "" ? [] : inside.split(", ");
  const last = params.at(-1);
  const variadic = last?.startsWith("...") === true;
  const parsed = params.map((each) => parseType(each.replace(/^\.\.\./, ""), extra));
  const result = parseType(first ?? only ?? "", extra);
  return {
    kind: "func",
    name: goName(parsed, variadic, result, first !== undefined),
    methods: new Map(),
    params: parsed,
    variadic,
    result,
  };
}

function goName(params: readonly GoType[], variadic: boolean, result: GoType, fails: boolean): string {
  const inside = params.map((each, at) =>
    variadic && at === params.length - 1 ? `...${each.name}` : each.name,
  );
  return `func(${inside.join(", ")}) ${fails ? `(${result.name}, error)` : result.name}`;
}
