/** The types that template values have: Go's, with the names that Go prints. */
import type { Method } from "./method.ts";

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

const none: ReadonlyMap<string, Method> = new Map();

function basic(kind: BasicType["kind"]): BasicType {
  return { kind, name: kind, methods: none };
}

export const boolType = basic("bool");
export const stringType = basic("string");
export const intType = basic("int");
export const int8Type = basic("int8");
export const int16Type = basic("int16");
export const int32Type = basic("int32");
export const int64Type = basic("int64");
export const uintType = basic("uint");
export const uint8Type = basic("uint8");
export const uint16Type = basic("uint16");
export const uint32Type = basic("uint32");
export const uint64Type = basic("uint64");
export const uintptrType = basic("uintptr");
export const float32Type = basic("float32");
export const float64Type = basic("float64");
export const complex128Type = basic("complex128");
/** `any`, which Go prints as `interface {}`. */
export const anyType: InterfaceType = { kind: "interface", name: "interface {}", methods: none, needs: [] };
export const errorType: InterfaceType = { kind: "interface", name: "error", methods: none, needs: ["Error"] };

/** `[]elem`. */
export function sliceOf(elem: GoType): SliceType {
  return { kind: "slice", name: `[]${elem.name}`, methods: none, elem };
}

/** `map[string]elem`. */
export function mapOf(elem: GoType): MapType {
  return { kind: "map", name: `map[string]${elem.name}`, methods: none, key: stringType, elem };
}

export const anySliceType = sliceOf(anyType);
export const stringSliceType = sliceOf(stringType);
export const intSliceType = sliceOf(intType);
export const bytesType = sliceOf(uint8Type);
/** `map[string]interface {}`. */
export const anyMapType = mapOf(anyType);
/** `map[string]string`. */
export const stringMapType = mapOf(stringType);

/** A defined type made of a basic kind, as in `digest.Digest`. */
export function definedType(
  name: string,
  kind: BasicType["kind"],
  methods: ReadonlyMap<string, Method> = none,
): BasicType {
  return { kind, name, methods };
}

/** A struct type; `methods` are those of the value, not of its pointer. */
export function structType(
  name: string,
  fields: readonly Field[],
  methods: ReadonlyMap<string, Method> = none,
): StructType {
  return { kind: "struct", name, fields, methods };
}

/** `*elem`, with the methods of `elem` and the given ones, which only the pointer has. */
export function pointerTo(elem: GoType, methods: ReadonlyMap<string, Method> = none): PointerType {
  return { kind: "ptr", name: `*${elem.name}`, methods: new Map([...elem.methods, ...methods]), elem };
}

/** Whether a struct's field or a type's method can be reached from a template. */
export function isExported(name: string): boolean {
  return /^[A-Z]/.test(name);
}

const intKind = /^u?int(?:8|16|32|64|ptr)?$/;

/** Whether a kind is one of Go's integers; `interface` is none, though it begins like one. */
export function isIntKind(kind: string): kind is IntKind {
  return intKind.test(kind);
}

/** Whether it is one of Go's integer types, or a type made of one. */
export function isIntType(type: GoType): type is BasicType {
  return isIntKind(type.kind);
}
