/** The shapes of what templates work with: Go's types, their methods, and values, which refer to each other. */
import type { Budget } from "../budget.ts";

/** Go's integer kinds. */
export type IntKind =
  | "int"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "uintptr";

/** What every type has. */
interface Named {
  /** As `%T` and `reflect.Type.String` print it: `int`, `map[string]interface {}`, `digest.Digest`. Equal names mean equal types. */
  name: string;
  /** The methods a template can reach by name; those of `*T` are on the pointer type. */
  methods: ReadonlyMap<string, Method>;
}

/** `bool`, `string`, a number, or a defined type made of one. */
export interface BasicType extends Named {
  kind: "bool" | "string" | IntKind | "float32" | "float64" | "complex128";
}

/** `[]elem`. */
export interface SliceType extends Named {
  kind: "slice";
  elem: GoType;
}

/** `map[key]elem`. Keys are strings: nothing a template can reach has others. */
export interface MapType extends Named {
  kind: "map";
  key: GoType;
  elem: GoType;
}

/** One field of a struct. */
export interface Field {
  /** Unexported (a template cannot reach it) when it begins with a small letter. */
  name: string;
  type: GoType;
  /** The value of its `json` tag, as in `mediaType,omitempty`. */
  json?: string;
}

/** A struct; an opaque one (`time.Time`) has no fields, only methods. */
export interface StructType extends Named {
  kind: "struct";
  fields: readonly Field[];
}

/** `*elem`. */
export interface PointerType extends Named {
  kind: "ptr";
  elem: GoType;
}

/** A function value, which only `call` can use. */
export interface FuncType extends Named {
  kind: "func";
  params: readonly GoType[];
  /** The last of `params` is the type of each of the remaining arguments. */
  variadic: boolean;
  /** Without the trailing `error`. */
  result: GoType;
}

/** `interface {}`, or one with methods (`error`); a value only has one when it is nil, or comes out of a container. */
export interface InterfaceType extends Named {
  kind: "interface";
  /** Names of the methods it asks for. */
  needs: readonly string[];
}

/** Any of Go's types that occur here. */
export type GoType = BasicType | SliceType | MapType | StructType | PointerType | FuncType | InterfaceType;

/** Go's `reflect.Kind`, in its printed form. */
export type Kind = GoType["kind"];

/** A function or method as the engine sees it. */
export interface Callable {
  type: FuncType;
  /** Arguments have the types that `type` says. @throws GoError what the function itself refuses */
  call: (budget: Budget, args: readonly Value[]) => Value;
}

/** A method, bound to its receiver only when it is called; its signature leaves the receiver out. */
export interface Method {
  bind: (receiver: Value) => Callable;
}

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
