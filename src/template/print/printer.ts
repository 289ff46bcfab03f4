/** Prints values by one conversion after the other, as package fmt does, into one byte string. */
import type { Budget } from "../budget.ts";
import { encodeText } from "../go/utf8.ts";
import { elements, sortedKeys } from "../values/make.ts";
import type { SliceValue, Value } from "../values/model.ts";
import { bytesType } from "../values/types.ts";
import { isUnsigned, typeName } from "../values/value.ts";
import { formatDigits, formatInteger } from "./format-integer.ts";
import { formatComplex, printFloat } from "./format-number.ts";
import { formatText } from "./format-text.ts";
import { pad, plain, type Spec } from "./spec.ts";
import { ownTextOf } from "./string-methods.ts";

/**
 * What Go prints of a pointer is an address, another one with each run. A template that lets one through gets this, so
 * that its output is at least the same each time.
 */
const anyAddress = 0xc000010000n;

/** Verbs that take the text of a value's own method. */
const textVerbs = "vsxXq";

/** The place where printed text gathers; asks the budget before it grows. */
export class Printer {
  readonly #budget: Budget;
  #text = "";
  /** Inside `%!verb(...)`, where values do not speak for themselves. */
  #isReporting = false;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** What was printed so far, a byte string. */
  get text(): string {
    return this.#text;
  }

  /** Adds a byte string. */
  write(text: string): void {
    this.#budget.string(this.#text.length + text.length);
    this.#text += text;
  }

  /** Prints one argument of print or printf. */
  argument(value: Value, spec: Spec): void {
    if (value.kind === "nil") {
      if (spec.verb === "T" || spec.verb === "v") this.write(pad("<nil>", spec));
      else this.badVerb(value, spec);
    } else if (spec.verb === "T") {
      this.#orReport(formatText(value.type.name, { ...spec, verb: "s" }), value, spec);
    } else if (spec.verb === "p") {
      this.#pointer(value, spec);
    } else if (
      value.kind === "slice" &&
      value.type.name === bytesType.name &&
      value.type.methods.size === 0
    ) {
      this.#bytes(value, spec, "[]byte", 0);
    } else if (!this.#speaksForItself(value, spec)) {
      this.#value(value, spec, 0);
    }
  }

  /** `%!d(string=x)`: the verb does not fit the value. */
  badVerb(value: Value, spec: Spec): void {
    this.#isReporting = true;
    this.write(`%!${encodeText(spec.verb)}(`);
    if (value.kind === "nil") this.write("<nil>");
    else {
      this.write(`${value.type.name}=`);
      this.#value(value, { ...spec, verb: "v" }, 0);
    }
    this.write(")");
    this.#isReporting = false;
  }

  #orReport(text: string | undefined, value: Value, spec: Spec): void {
    if (text === undefined) this.badVerb(value, spec);
    else this.write(text);
  }

  /** Prints a value's own text where it has one and the verb takes texts. %#v never asks for it. */
  #speaksForItself(value: Value, spec: Spec): boolean {
    if (this.#isReporting) return false;
    if (spec.verb === "w") {
      this.badVerb(value, spec);
      return true;
    }
    if (!spec.sharpV && !textVerbs.includes(spec.verb)) return false;
    const own = ownTextOf(this.#budget, value, spec.sharpV);
    if (own === undefined) return false;
    // A GoString is written as it stands, but for its width.
    const verb = spec.sharpV ? "s" : spec.verb;
    if (own.panic === undefined) this.#orReport(formatText(own.text, { ...spec, verb }), value, spec);
    else this.#panicked(value, spec, own.method, own.panic);
    return true;
  }

  #panicked(value: Value, spec: Spec, method: string, message: string): void {
    if (value.kind === "ptr" && value.elem === undefined) this.write("<nil>");
    else this.write(`%!${encodeText(spec.verb)}(PANIC=${method} method: ${message})`);
  }

  /** A value within another one, where nil is an interface without a value. */
  #inner(value: Value, spec: Spec, depth: number, staticType: string): void {
    if (value.kind === "nil") this.write(spec.sharpV ? `${staticType}(nil)` : "<nil>");
    else if (!this.#speaksForItself(value, spec)) this.#value(value, spec, depth);
  }

  #value(value: Exclude<Value, { kind: "nil" }>, spec: Spec, depth: number): void {
    this.#budget.steps();
    this.#budget.nesting(depth);
    switch (value.kind) {
      case "bool":
        this.#orReport(/^[tv]$/.test(spec.verb) ? pad(String(value.value), spec) : undefined, value, spec);
        break;
      case "string":
        this.#orReport(formatText(value.value, spec), value, spec);
        break;
      case "float32":
      case "float64":
        this.#orReport(printFloat(value.value, spec), value, spec);
        break;
      case "complex128":
        this.#orReport(formatComplex(value.re, value.im, spec), value, spec);
        break;
      case "slice":
        if ("sqxX".includes(spec.verb) && value.type.elem.kind === "uint8") {
          this.#bytes(value, spec, value.type.name, depth);
        } else this.#slice(value, spec, depth);
        break;
      case "map":
        this.#map(value, spec, depth);
        break;
      case "struct":
        this.#struct(value, spec, depth);
        break;
      case "ptr":
        if (depth === 0 && value.elem !== undefined && /^(slice|struct|map)$/.test(value.elem.kind)) {
          this.write("&");
          this.#inner(value.elem, spec, depth + 1, value.type.elem.name);
        } else this.#pointer(value, spec);
        break;
      case "func":
        this.#pointer(value, spec);
        break;
      default:
        this.#orReport(formatInteger(value.value, isUnsigned(value), spec), value, spec);
    }
  }

  #bytes(value: SliceValue, spec: Spec, name: string, depth: number): void {
    if (spec.verb === "v" || spec.verb === "d") {
      this.#list(value, spec, name, (each) => {
        if (each.kind !== "uint8") return;
        const shown = spec.sharpV
          ? { base: 16 as const, spec: { ...spec, sharp: true } }
          : { base: 10 as const, spec };
        this.write(formatDigits(each.value, shown.base, shown.spec));
      });
      return;
    }
    const text = elements(value)
      .map((each) => (each.kind === "uint8" ? String.fromCharCode(Number(each.value)) : ""))
      .join("");
    const formatted = "sxXq".includes(spec.verb) ? formatText(text, spec) : undefined;
    if (formatted === undefined) this.#slice(value, spec, depth);
    else this.write(formatted);
  }

  #slice(value: SliceValue, spec: Spec, depth: number): void {
    this.#list(value, spec, value.type.name, (each) =>
      this.#inner(each, spec, depth + 1, value.type.elem.name),
    );
  }

  #list(value: SliceValue, spec: Spec, name: string, print: (each: Value) => void): void {
    if (spec.sharpV && value.isNil) {
      this.write(`${name}(nil)`);
      return;
    }
    this.write(spec.sharpV ? `${name}{` : "[");
    for (const [at, each] of elements(value).entries()) {
      if (at > 0) this.write(spec.sharpV ? ", " : " ");
      print(each);
    }
    this.write(spec.sharpV ? "}" : "]");
  }

  #map(value: Extract<Value, { kind: "map" }>, spec: Spec, depth: number): void {
    if (spec.sharpV && value.isNil) {
      this.write(`${value.type.name}(nil)`);
      return;
    }
    this.write(spec.sharpV ? `${value.type.name}{` : "map[");
    for (const [at, key] of sortedKeys(value).entries()) {
      if (at > 0) this.write(spec.sharpV ? ", " : " ");
      const shown = formatText(key, spec);
      this.write(
        shown ??
          `%!${encodeText(spec.verb)}(${value.type.key.name}=${formatText(key, { ...spec, verb: "v" })})`,
      );
      this.write(":");
      const entry = value.entries.get(key);
      if (entry !== undefined) this.#inner(entry, spec, depth + 1, value.type.elem.name);
    }
    this.write(spec.sharpV ? "}" : "]");
  }

  #struct(value: Extract<Value, { kind: "struct" }>, spec: Spec, depth: number): void {
    this.write(spec.sharpV ? `${value.type.name}{` : "{");
    for (const [at, field] of value.type.fields.entries()) {
      if (at > 0) this.write(spec.sharpV ? ", " : " ");
      if (spec.plusV || spec.sharpV) this.write(`${field.name}:`);
      const entry = value.fields.get(field.name);
      if (entry !== undefined) this.#inner(entry, spec, depth + 1, field.type.name);
    }
    this.write("}");
  }

  /** Pointers, functions, and by %p also lists and maps. */
  #pointer(value: Value, spec: Spec): void {
    if (value.kind !== "ptr" && value.kind !== "func" && value.kind !== "slice" && value.kind !== "map") {
      this.badVerb(value, spec);
      return;
    }
    const address = isNilReference(value) ? 0n : anyAddress;
    const hexadecimal = formatDigits(address, 16, { ...spec, verb: "v", sharp: !spec.sharp });
    if (spec.verb === "p") this.write(hexadecimal);
    else if (spec.verb !== "v") {
      this.#orReport(
        "bodxX".includes(spec.verb) ? formatInteger(address, true, spec) : undefined,
        value,
        spec,
      );
    } else if (spec.sharpV) {
      const inside = address === 0n ? "nil" : formatDigits(address, 16, { ...spec, sharp: true });
      this.write(`(${typeName(value)})(${inside})`);
    } else this.write(address === 0n ? pad("<nil>", spec) : hexadecimal);
  }
}

function isNilReference(value: Extract<Value, { kind: "ptr" | "func" | "slice" | "map" }>): boolean {
  if (value.kind === "ptr") return value.elem === undefined;
  return value.kind === "func" ? value.call === undefined : value.isNil;
}

/** fmt.Sprint of one value: how an action's output, cat and toString show it. */
export function formatValue(budget: Budget, value: Value): string {
  const printer = new Printer(budget);
  printer.argument(value, plain);
  return printer.text;
}
