/** The built-in functions index and len (text/template/funcs.go). */
import { GoError, GoPanic } from "../go/go-error.ts";
import { isAssignable } from "../values/assign.ts";
import { int, integer } from "../values/make.ts";
import type { MapValue, SliceValue, StringValue } from "../values/model.ts";
import { uint8Type } from "../values/types.ts";
import { isInt } from "../values/value.ts";
import { zeroOf } from "../values/zero.ts";
import { builtin, type EngineFunction, operandType } from "./engine-function.ts";
import { fromPlace, indirect, type Operand, unbox } from "./operand.ts";

/** `index x 1 2` is Go's `x[1][2]`. */
export const index: EngineFunction = builtin([operandType, operandType], true, (_budget, [of, ...keys]) => {
  let item: Operand = unbox(of);
  if (item === undefined) throw new GoError("index of untyped nil");
  for (const key of keys) {
    const { end, isNil } = indirect(item);
    if (isNil) throw new GoError("index of nil pointer");
    if (end?.kind === "slice" || end?.kind === "string") item = elementAt(end, key);
    else if (end?.kind === "map") item = entryOf(end, key);
    else throw new GoError(`can't index item of type ${end?.type.name ?? "<nil>"}`);
  }
  return item;
});

/** The length in elements, or in bytes of a string. */
export const length: EngineFunction = builtin([operandType], false, (_budget, [of]) => {
  const { end, isNil } = indirect(of);
  if (isNil) throw new GoError("len of nil pointer");
  if (end === undefined) throw new GoPanic("reflect: call of reflect.Value.Type on zero Value");
  switch (end.kind) {
    case "slice":
      return int(end.length);
    case "string":
      return int(end.value.length);
    case "map":
      return int(end.entries.size);
    default:
      throw new GoError(`len of type ${end.type.name}`);
  }
});

function elementAt(item: SliceValue | StringValue, key: Operand): Operand {
  const bound = item.kind === "slice" ? item.length : item.value.length;
  const at = positionOf(unbox(key), bound);
  if (item.kind === "string") {
    if (at === bound) throw new GoPanic("reflect: string index out of range");
    return integer(item.value.charCodeAt(at), uint8Type);
  }
  const element = item.backing[item.offset + at];
  if (at === bound || element === undefined) throw new GoPanic("reflect: slice index out of range");
  return fromPlace(element, item.type.elem);
}

function positionOf(key: ReturnType<typeof unbox>, bound: number): number {
  if (key === undefined) throw new GoError("cannot index slice/array with nil");
  if (!isInt(key)) throw new GoError(`cannot index slice/array with type ${key.type.name}`);
  const at = BigInt.asIntN(64, key.value);
  if (at < 0n || at > BigInt(bound)) throw new GoError(`index out of range: ${at}`);
  return Number(at);
}

function entryOf(map: MapValue, operand: Operand): Operand {
  const key = unbox(operand);
  if (key === undefined) throw new GoError(`value is nil; should be of type ${map.type.key.name}`);
  if (key.kind !== "string" || !isAssignable(key.type, map.type.key))
    throw new GoError(`value has type ${key.type.name}; should be ${map.type.key.name}`);
  return fromPlace(map.entries.get(key.value) ?? zeroOf(map.type.elem), map.type.elem);
}
