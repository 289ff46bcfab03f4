/** Writes template values as JSON, as Go's encoding/json does. */
import { type Budget, MAX_NESTING } from "../budget.ts";
import { encodeBase64 } from "../go/base64.ts";
import { GoError } from "../go/go-error.ts";
import { jsonNumber, jsonString } from "../go/json-text.ts";
import { elements, sortedKeys } from "../values/make.ts";
import type { Field, MapValue, PointerValue, SliceValue, StructValue, Value } from "../values/model.ts";
import { isExported } from "../values/types.ts";

/** How the text is laid out. */
export interface JsonStyle {
  /** `<`, `>` and `&` as `\u003c`, `\u003e`, `\u0026`. */
  escapeHtml: boolean;
  /** One element a line, each level indented by two more spaces. */
  pretty: boolean;
  /** How many lists and maps Go enters before it looks for cycles; one less where it is given a pointer. */
  goDepthOfCheck: number;
}

/**
 * The value as JSON.
 *
 * @throws GoError `json: unsupported type: ...` and its kin
 * @throws AceError over the budget
 */
export function encodeJson(budget: Budget, value: Value, style: JsonStyle): string {
  return new JsonWriter(budget, style).write(value, 0);
}

class JsonWriter {
  readonly #budget: Budget;
  readonly #style: JsonStyle;
  /** The lists and maps we are inside of, from the outermost in, with their types. */
  readonly #open = new Map<unknown, string>();
  #bytes = 0;

  constructor(budget: Budget, style: JsonStyle) {
    this.#budget = budget;
    this.#style = style;
  }

  write(value: Value, depth: number): string {
    this.#budget.steps();
    const own = this.#marshalled(value);
    if (own !== undefined) return this.#count(own);
    switch (value.kind) {
      case "nil":
        return "null";
      case "bool":
        return String(value.value);
      case "string":
        return this.#count(jsonString(value.value, this.#style.escapeHtml));
      case "float32":
      case "float64":
        return this.#float(value.value);
      case "slice":
        return this.#slice(value, depth);
      case "map":
        return this.#map(value, depth);
      case "struct":
        return this.#struct(value, depth);
      case "ptr":
        return value.elem === undefined ? "null" : this.write(value.elem, depth);
      case "func":
      case "complex128":
        throw new GoError(`json: unsupported type: ${value.type.name}`);
      default:
        return String(value.value);
    }
  }

  /** What the value's own `MarshalJSON` says, with HTML escaped as the style asks. */
  #marshalled(value: Value): string | undefined {
    if (value.kind === "nil" || isNilPointer(value)) return undefined;
    const method = value.type.methods.get("MarshalJSON");
    const result = method?.bind(value).call(this.#budget, []);
    if (result?.kind !== "slice") return undefined;
    const text = bytesIn(result);
    return this.#style.escapeHtml
      ? text.replace(/[<>&]/g, (byte) => jsonString(byte, true).slice(1, -1))
      : text;
  }

  #float(number: number): string {
    if (Number.isFinite(number)) return jsonNumber(number);
    const name = Number.isNaN(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf";
    throw new GoError(`json: unsupported value: ${name}`);
  }

  #slice(value: SliceValue, depth: number): string {
    if (value.isNil) return "null";
    if (value.type.elem.kind === "uint8") return this.#count(`"${encodeBase64(bytesIn(value))}"`);
    return this.#inside(value.backing, value.type.name, depth, () =>
      this.#join(
        "[",
        "]",
        depth,
        elements(value).map((each) => () => this.write(each, depth + 1)),
      ),
    );
  }

  #map(value: MapValue, depth: number): string {
    if (value.isNil) return "null";
    const entries = sortedKeys(value).map((key) => () => this.#member(key, value.entries.get(key), depth));
    return this.#inside(value.entries, value.type.name, depth, () => this.#join("{", "}", depth, entries));
  }

  #struct(value: StructValue, depth: number): string {
    const members = value.type.fields.flatMap((field) => {
      const { name, omitEmpty } = tagOf(field);
      const each = value.fields.get(field.name);
      if (name === undefined || (omitEmpty && isEmpty(each))) return [];
      return [() => this.#member(name, each, depth)];
    });
    return this.#join("{", "}", depth, members);
  }

  #member(key: string, value: Value | undefined, depth: number): string {
    const name = this.#count(jsonString(key, this.#style.escapeHtml));
    return `${name}:${this.#style.pretty ? " " : ""}${this.write(value ?? { kind: "nil" }, depth + 1)}`;
  }

  #join(begin: string, end: string, depth: number, parts: readonly (() => string)[]): string {
    if (parts.length === 0) return begin + end;
    const line = this.#style.pretty ? `\n${"  ".repeat(depth)}` : "";
    const inner = this.#style.pretty ? `${line}  ` : "";
    const written = parts.map((part) => this.#count(inner + part(), inner.length + 1));
    return begin + written.join(",") + line + end;
  }

  /** Go looks for a cycle only from a certain depth on: that decides which of its members the message names. */
  #inside(identity: unknown, type: string, depth: number, write: () => string): string {
    if (this.#open.has(identity)) {
      const path = [...this.#open];
      const start = path.findIndex(([each]) => each === identity);
      const cycle = path.slice(start);
      const [, named = type] = cycle[(this.#style.goDepthOfCheck - start) % cycle.length] ?? [];
      throw new GoError(`json: unsupported value: encountered a cycle via ${named}`);
    }
    if (depth > MAX_NESTING) throw new GoError(`more than ${MAX_NESTING} lists and maps within each other`);
    this.#open.set(identity, type);
    try {
      return write();
    } finally {
      this.#open.delete(identity);
    }
  }

  #count(text: string, bytes = text.length): string {
    this.#bytes += bytes;
    this.#budget.string(this.#bytes);
    return text;
  }
}

function tagOf(field: Field): { name: string | undefined; omitEmpty: boolean } {
  if (!isExported(field.name) || field.json === "-") return { name: undefined, omitEmpty: false };
  const [name = "", ...options] = (field.json ?? "").split(",");
  return { name: name || field.name, omitEmpty: options.includes("omitempty") };
}

/** Empty for `omitempty`: a struct never is. */
function isEmpty(value: Value = { kind: "nil" }): boolean {
  switch (value.kind) {
    case "nil":
      return true;
    case "bool":
      return !value.value;
    case "string":
      return value.value === "";
    case "slice":
      return value.length === 0;
    case "map":
      return value.entries.size === 0;
    case "ptr":
      return value.elem === undefined;
    case "struct":
    case "func":
    case "complex128":
      return false;
    default:
      return Number(value.value) === 0;
  }
}

function isNilPointer(value: Value): value is PointerValue {
  return value.kind === "ptr" && value.elem === undefined;
}

function bytesIn(slice: SliceValue): string {
  return elements(slice)
    .map((each) => (each.kind === "uint8" ? String.fromCharCode(Number(each.value)) : ""))
    .join("");
}
