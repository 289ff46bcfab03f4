/** The types that template values have, and how others are made of them. */
import type {
  BasicType,
  Field,
  GoType,
  InterfaceType,
  IntKind,
  MapType,
  Method,
  PointerType,
  SliceType,
  StructType,
} from "./model.ts";

const none: ReadonlyMap<string, Method> = new Map();

function basic(kind: BasicType["kind"]): BasicType {
  return { kind, name: kind, methods: none };
}

export const boolType = basic("bool");
export const stringType = basic("string");
export const intType = basic("int");
export const int64Type = basic("int64");
export const uint8Type = basic("uint8");
export const uint32Type = basic("uint32");
export const uint64Type = basic("uint64");
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
