/** Values as texts, as sprig's functions take them. */
import type { Budget } from "../budget.ts";
import { formatValue } from "../print/printer.ts";
import { elements } from "../values/make.ts";
import type { Value } from "../values/model.ts";

/** sprig's strval: bytes as text, else what the value says of itself, else `%v`. */
export function textOf(budget: Budget, value: Value): string {
  if (value.kind === "string" && value.type.methods.size === 0) return value.value;
  if (value.kind === "slice" && value.type.name === "[]uint8") return bytesOf(elements(value));
  return formatValue(budget, value);
}

/** sprig's strslice: the texts of a list without its nils; a single value is a list of one, nil one of none. */
export function textsOf(budget: Budget, value: Value): string[] {
  if (value.kind === "nil") return [];
  if (value.kind !== "slice") return [textOf(budget, value)];
  const texts: string[] = [];
  budget.steps(value.length);
  for (const each of elements(value)) {
    if (each.kind === "nil") continue;
    const text = textOf(budget, each);
    budget.read(text.length);
    texts.push(text);
  }
  return texts;
}

/** The texts with a separator between, after asking for the room. */
export function joinTexts(budget: Budget, texts: readonly string[], separator: string): string {
  const bytes = texts.reduce(
    (sum, each) => sum + each.length,
    separator.length * Math.max(texts.length - 1, 0),
  );
  budget.string(bytes);
  return texts.join(separator);
}

function bytesOf(values: readonly Value[]): string {
  return values
    .map((each) => (each.kind === "uint8" ? String.fromCharCode(Number(each.value)) : ""))
    .join("");
}
