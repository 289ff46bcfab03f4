/** The zero value of a type. */
import { GoPanic } from "../go/go-error.ts";
import { bool, complex128, dict, integer, list, nil, str } from "./make.ts";
import type { GoType, Value } from "./model.ts";

/** Go's zero value; {@link nil} for an interface. @throws GoPanic for an opaque struct, which nobody asks for */
export function zeroOf(type: GoType): Value {
  switch (type.kind) {
    case "interface":
      return nil;
    case "bool":
      return { ...bool(false), type };
    case "string":
      return str("", type);
    case "float32":
    case "float64":
      return { kind: type.kind, type, value: 0 };
    case "complex128":
      return complex128(0, 0);
    case "slice":
      return { ...list([], type.elem), type, isNil: true };
    case "map":
      return { ...dict(new Map(), type.elem), type, isNil: true };
    case "ptr":
      return { kind: "ptr", type, elem: undefined };
    case "func":
      return { kind: "func", type, call: undefined };
    case "struct":
      if (type.fields.length === 0) throw new GoPanic(`no zero value of ${type.name}`);
      return {
        kind: "struct",
        type,
        fields: new Map(type.fields.map((field) => [field.name, zeroOf(field.type)])),
      };
    default:
      return integer(0n, type);
  }
}
