/** A number in a template's source, as every type that can hold it (parse/node.go, newNumber). */
import { parseFloat64, parseInteger } from "../go/parse-number.ts";
import { quote } from "../go/quote.ts";
import { unquoteCharacter } from "../go/unquote.ts";

/** Go's ideal constant: each part is there when the number fits the type. */
export interface NumberLiteral {
  /** As written. */
  text: string;
  int?: bigint;
  uint?: bigint;
  float?: number;
  complex?: { re: number; im: number };
}

/** What is wrong with a number, in Go's words. */
export class NumberFault extends Error {
  override readonly name = "NumberFault";
}

const twoTo63 = 2 ** 63;
const twoTo64 = 2 ** 64;

/** A character constant, `'a'`. @throws NumberFault */
export function readCharacter(text: string): NumberLiteral {
  const read = unquoteCharacter(text, 1, "'");
  if (read === undefined) throw new NumberFault("invalid syntax");
  if (text.slice(read.end) !== "'") throw new NumberFault(`malformed character constant: ${text}`);
  const code = BigInt(read.rune);
  return { text, int: code, uint: code, float: read.rune };
}

/** A complex constant, `1+2i`. @throws NumberFault */
export function readComplex(text: string): NumberLiteral {
  const parts = /^(.*[^eEpP])([-+].*)i$/s.exec(text);
  const [re, im] = [parseFloat64(parts?.[1] ?? ""), parseFloat64(parts?.[2] ?? "")];
  if (re === undefined || im === undefined) throw new NumberFault("syntax error scanning complex number");
  return simplified(text, re, im);
}

/** Any other number. @throws NumberFault */
export function readNumber(text: string): NumberLiteral {
  if (text.endsWith("i")) {
    const im = parseFloat64(text.slice(0, -1));
    if (im !== undefined) return simplified(text, 0, im);
  }
  const literal = readInteger(text);
  if (literal !== undefined) return literal;
  const float = parseFloat64(text);
  if (float === undefined) throw new NumberFault(`illegal number syntax: ${quote(text)}`);
  if (!/[.eEpP]/.test(text)) throw new NumberFault(`integer overflow: ${quote(text)}`);
  return { text, float, ...integersOf(float) };
}

function readInteger(text: string): NumberLiteral | undefined {
  const signed = parseInteger(text, 0);
  const isSigned = /^[-+]/.test(text);
  if (signed.fault === undefined) {
    const fits = !isSigned || signed.value === 0n;
    return {
      text,
      int: signed.value,
      float: Number(signed.value),
      ...(fits ? { uint: signed.value } : {}),
    };
  }
  const uint =
    signed.fault === "range" && !isSigned
      ? BigInt(text.replaceAll("_", "").replace(/^0(?=[0-9])/, "0o"))
      : undefined;
  return uint === undefined || uint >= 1n << 64n ? undefined : { text, uint, float: Number(uint) };
}

function simplified(text: string, re: number, im: number): NumberLiteral {
  return { text, complex: { re, im }, ...(im === 0 ? { float: re, ...integersOf(re) } : {}) };
}

function integersOf(float: number): { int?: bigint; uint?: bigint } {
  if (!Number.isInteger(float)) return {};
  return {
    ...(float >= -twoTo63 && float < twoTo63 ? { int: BigInt(float) } : {}),
    ...(float >= 0 && float < twoTo64 ? { uint: BigInt(float) } : {}),
  };
}
