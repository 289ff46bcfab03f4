/** Text as numbers in Go's way (package strconv): base prefixes, underscores, ranges. */

/** What strconv.ParseInt gives: on a range error the nearest 64-bit number, on a syntax error 0. */
export interface ParsedInteger {
  value: bigint;
  fault: "syntax" | "range" | undefined;
}

const maxInt64 = 2n ** 63n - 1n;
const minInt64 = -(2n ** 63n);

const prefixes: Readonly<Record<string, number>> = { b: 2, o: 8, x: 16 };
const syntaxFault: ParsedInteger = { value: 0n, fault: "syntax" };

/** strconv.ParseInt(text, base, 64). Base 0 reads the base from the prefix and lets underscores stand between digits. */
export function parseInteger(text: string, base: 0 | 8 | 10): ParsedInteger {
  const negative = text.startsWith("-");
  const unsigned = /^[+-]/.test(text) ? text.slice(1) : text;
  if (unsigned === "") return syntaxFault;
  const found = base === 0 ? readPrefix(unsigned) : { radix: base, digits: unsigned };
  if (base === 0 && unsigned.includes("_") && !areUnderscoresFine(unsigned)) return syntaxFault;
  const digits = base === 0 ? found.digits.replaceAll("_", "") : found.digits;
  if (!digitsOf(found.radix).test(digits)) return syntaxFault;
  const size = toBigInt(digits, found.radix);
  if (negative) {
    return -size < minInt64 ? { value: minInt64, fault: "range" } : { value: -size, fault: undefined };
  }
  return size > maxInt64 ? { value: maxInt64, fault: "range" } : { value: size, fault: undefined };
}

/** strconv.ParseFloat(text, 64), or undefined where it returns an error (overflow is one). */
export function parseFloat64(text: string): number | undefined {
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special !== null) return specialNumber(special[1] === "-", special[2] ?? "");
  const found = /^([+-]?)(0x[0-9a-f_.]+p[+-]?[0-9][0-9_]*|[0-9_.]+(?:e[+-]?[0-9][0-9_]*)?)$/i.exec(text);
  const body = found?.[2];
  if (body === undefined || (body.includes("_") && !areUnderscoresFine(body))) return undefined;
  const plain = body.replaceAll("_", "").toLowerCase();
  const size = plain.startsWith("0x") ? readHexadecimal(plain.slice(2)) : readDecimal(plain);
  if (size === undefined || !Number.isFinite(size)) return undefined;
  return found?.[1] === "-" ? -size : size;
}

function specialNumber(negative: boolean, name: string): number | undefined {
  // strconv's nan has no sign
  if (name.toLowerCase() === "nan") return Number.NaN;
  return negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function readDecimal(text: string): number | undefined {
  return /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e|$)/.test(text) ? Number(text) : undefined;
}

function readHexadecimal(text: string): number | undefined {
  const found = /^([0-9a-f]*)\.?([0-9a-f]*)p([+-]?[0-9]+)$/.exec(text);
  const digits = `${found?.[1] ?? ""}${found?.[2] ?? ""}`;
  if (found === null || digits === "") return undefined;
  const mantissa = BigInt(`0x${digits}`);
  const exponent = Number(found[3]) - 4 * (found[2] ?? "").length;
  if (mantissa === 0n) return 0;
  const bits = mantissa.toString(2).length;
  if (exponent + bits > 1025) return undefined;
  if (exponent + bits < -1080) return 0;
  return exponent >= 0
    ? Number(mantissa << BigInt(exponent))
    : Number(`${mantissa * 5n ** BigInt(-exponent)}e${exponent}`);
}

function readPrefix(text: string): { radix: number; digits: string } {
  if (!text.startsWith("0")) return { radix: 10, digits: text };
  const radix = text.length >= 3 ? prefixes[text.charAt(1).toLowerCase()] : undefined;
  if (radix !== undefined) return { radix, digits: text.slice(2) };
  return { radix: 8, digits: text };
}

function digitsOf(radix: number): RegExp {
  if (radix === 16) return /^[0-9a-f]+$/i;
  if (radix === 10) return /^[0-9]+$/;
  return radix === 8 ? /^[0-7]+$/ : /^[01]+$/;
}

function toBigInt(digits: string, radix: number): bigint {
  // 64 binary digits are the most that an int64 takes; more need no exact value to be out of range
  const significant = digits.replace(/^0+/, "");
  if (significant.length > 64) return 2n ** 64n;
  const prefix = radix === 16 ? "0x" : radix === 8 ? "0o" : radix === 2 ? "0b" : "";
  return significant === "" ? 0n : BigInt(prefix + significant);
}

/** strconv's underscoreOK: an underscore stands between digits, or between a base prefix and a digit. */
function areUnderscoresFine(text: string): boolean {
  const prefixed = /^0[box]/i.test(text);
  const isHexadecimal = /^0x/i.test(text);
  const digit = isHexadecimal ? "[0-9a-fA-F]" : "[0-9]";
  const body = prefixed ? `0${text.slice(2)}` : text;
  return !new RegExp(`^_|_$|_(?!${digit})|(?<!${digit})_`).test(body);
}
