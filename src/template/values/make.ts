/** Makes template values out of JS values. */
import type {
  BasicType,
  BoolValue,
  ComplexValue,
  FloatValue,
  GoType,
  IntValue,
  MapValue,
  NilValue,
  PointerType,
  PointerValue,
  SliceValue,
  StringValue,
  StructType,
  StructValue,
  Value,
} from "./model.ts";
import {
  anyMapType,
  anySliceType,
  anyType,
  boolType,
  bytesType,
  complex128Type,
  float64Type,
  int64Type,
  intSliceType,
  intType,
  mapOf,
  sliceOf,
  stringMapType,
  stringSliceType,
  stringType,
  uint8Type,
} from "./types.ts";

/** The nil of an interface. */
export const nil: NilValue = { kind: "nil" };
export const trueValue: BoolValue = { kind: "bool", type: boolType, value: true };
export const falseValue: BoolValue = { kind: "bool", type: boolType, value: false };

export function bool(value: boolean): BoolValue {
  return value ? trueValue : falseValue;
}

/** A string, or a value of a defined string type. @param bytes a byte string */
export function str(bytes: string, type: BasicType = stringType): StringValue {
  return { kind: "string", type, value: bytes };
}

const signedBits: Readonly<Record<string, number>> = { int: 64, int8: 8, int16: 16, int32: 32, int64: 64 };
const unsignedBits: Readonly<Record<string, number>> = {
  uint: 64,
  uint8: 8,
  uint16: 16,
  uint32: 32,
  uint64: 64,
  uintptr: 64,
};

/**
 * An integer of any type, cut to its width as Go's conversions and arithmetic do.
 * @throws TypeError for a type that is no integer
 */
export function integer(value: bigint | number, type: BasicType): IntValue {
  const [signed, unsigned] = [signedBits[type.kind], unsignedBits[type.kind]];
  const kind = intKindOf(type);
  if (kind === undefined) throw new TypeError(`${type.name} is no integer type`);
  const wide = BigInt(value);
  const cut = signed === undefined ? BigInt.asUintN(unsigned ?? 64, wide) : BigInt.asIntN(signed, wide);
  return { kind, type, value: cut };
}

function intKindOf(type: BasicType): IntValue["kind"] | undefined {
  switch (type.kind) {
    case "bool":
    case "string":
    case "float32":
    case "float64":
    case "complex128":
      return undefined;
    default:
      return type.kind;
  }
}

export function int(value: bigint | number): IntValue {
  return integer(value, intType);
}

export function int64(value: bigint | number): IntValue {
  return integer(value, int64Type);
}

export function float64(value: number): FloatValue {
  return { kind: "float64", type: float64Type, value };
}

export function complex128(re: number, im: number): ComplexValue {
  return { kind: "complex128", type: complex128Type, re, im };
}

const knownSlices = new Map<GoType, SliceValue["type"]>([
  [anyType, anySliceType],
  [stringType, stringSliceType],
  [intType, intSliceType],
  [uint8Type, bytesType],
]);

/** A slice that owns `values` from now on. */
export function list(values: Value[], elem: GoType = anyType): SliceValue {
  const type = knownSlices.get(elem) ?? sliceOf(elem);
  return { kind: "slice", type, backing: values, offset: 0, length: values.length, isNil: false };
}

/** A `[]string`. @param values byte strings */
export function strings(values: readonly string[]): SliceValue {
  return list(
    values.map((each) => str(each)),
    stringType,
  );
}

/** A nil slice, which is empty. */
export function nilSlice(elem: GoType = anyType): SliceValue {
  return { ...list([], elem), isNil: true };
}

/** A `[]byte` with the bytes of a byte string. */
export function bytes(text: string): SliceValue {
  return list(
    Array.from(text, (each) => integer(each.charCodeAt(0), uint8Type)),
    uint8Type,
  );
}

/** The part [from, to) of a slice, over the same backing array. The bounds must be right already. */
export function subslice(slice: SliceValue, from: number, to: number): SliceValue {
  return { ...slice, offset: slice.offset + from, length: to - from };
}

/** The elements of a slice; do not change the array. */
export function elements(slice: SliceValue): readonly Value[] {
  return slice.offset === 0 && slice.length === slice.backing.length
    ? slice.backing
    : slice.backing.slice(slice.offset, slice.offset + slice.length);
}

/** A map that owns `entries` from now on; an object or pairs are copied into a new one. */
export function dict(
  entries: Map<string, Value> | Readonly<Record<string, Value>> = new Map(),
  elem: GoType = anyType,
): MapValue {
  const type = elem === anyType ? anyMapType : elem === stringType ? stringMapType : mapOf(elem);
  const owned = entries instanceof Map ? entries : new Map(Object.entries(entries));
  return { kind: "map", type, entries: owned, isNil: false };
}

/** A nil map, which is empty and cannot be written to. */
export function nilMap(elem: GoType = anyType): MapValue {
  return { ...dict(new Map(), elem), isNil: true };
}

/** A struct with the fields that its type names; missing ones must not be asked for. */
export function struct(
  type: StructType,
  fields: Readonly<Record<string, Value>>,
  native?: unknown,
): StructValue {
  return { kind: "struct", type, fields: new Map(Object.entries(fields)), native };
}

/** A pointer; undefined makes it nil. */
export function pointer(type: PointerType, elem: Value | undefined): PointerValue {
  return { kind: "ptr", type, elem };
}

/** The keys of a map in Go's printing order, bytewise. */
export function sortedKeys(map: MapValue): string[] {
  return [...map.entries.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}
