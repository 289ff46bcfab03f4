/** The values templates work with. Strings are byte strings: one JS character (0..255) for each byte of UTF-8. */
import {
  type BasicType,
  type FuncType,
  type GoType,
  type IntKind,
  isIntKind,
  type MapType,
  type PointerType,
  type SliceType,
  type StructType,
} from "./types.ts";

/** The nil of an interface; also what a missing value becomes when it is passed on. */
export interface NilValue {
  kind: "nil";
}

export interface BoolValue {
  kind: "bool";
  type: BasicType;
  value: boolean;
}

export interface StringValue {
  kind: "string";
  type: BasicType;
  /** Bytes. */
  value: string;
}

export interface IntValue {
  kind: IntKind;
  type: BasicType;
  /** Always within the range of the kind. */
  value: bigint;
}

export interface FloatValue {
  kind: "float32" | "float64";
  type: BasicType;
  value: number;
}

export interface ComplexValue {
  kind: "complex128";
  type: BasicType;
  re: number;
  im: number;
}

/** A window on a shared array: two slices over the same `backing` see each other's changes. */
export interface SliceValue {
  kind: "slice";
  type: SliceType;
  backing: Value[];
  offset: number;
  length: number;
  isNil: boolean;
}

/** A map; whoever holds it sees every change. Entries are unordered in Go; sort the keys wherever order shows. */
export interface MapValue {
  kind: "map";
  type: MapType;
  entries: Map<string, Value>;
  isNil: boolean;
}

export interface StructValue {
  kind: "struct";
  type: StructType;
  fields: ReadonlyMap<string, Value>;
  /** What an opaque struct (`time.Time`) is made of; only the file that defines its type looks inside. */
  native?: unknown;
}

export interface PointerValue {
  kind: "ptr";
  type: PointerType;
  /** Undefined for a nil pointer. */
  elem: Value | undefined;
}

export interface FuncValue {
  kind: "func";
  type: FuncType;
  /** Undefined for a nil function. Arguments are checked already; a {@link GoError} thrown is the function's error. */
  call: ((args: readonly Value[]) => Value) | undefined;
}

/** Any value. `type` is absent on nil only. */
export type Value =
  | NilValue
  | BoolValue
  | StringValue
  | IntValue
  | FloatValue
  | ComplexValue
  | SliceValue
  | MapValue
  | StructValue
  | PointerValue
  | FuncValue;

/** A value that is not the nil of an interface. */
export type TypedValue = Exclude<Value, NilValue>;

/** The kind as `reflect.Kind` prints it; `invalid` for nil. */
export function kindOf(value: Value): string {
  return value.kind === "nil" ? "invalid" : value.kind;
}

/** The type as `%T` prints it; `<nil>` for nil. */
export function typeName(value: Value): string {
  return value.kind === "nil" ? "<nil>" : value.type.name;
}

/** The type, or undefined for nil. */
export function typeOf(value: Value): GoType | undefined {
  return value.kind === "nil" ? undefined : value.type;
}

/** Whether it is one of Go's integer kinds, signed or not. */
export function isInt(value: Value): value is IntValue {
  return isIntKind(value.kind);
}

/** Whether it is `uint`, `uint8`, ... `uintptr`. */
export function isUnsigned(value: Value): value is IntValue {
  return value.kind.startsWith("uint");
}

/** Whether it is `float32` or `float64`. */
export function isFloat(value: Value): value is FloatValue {
  return value.kind === "float64" || value.kind === "float32";
}
