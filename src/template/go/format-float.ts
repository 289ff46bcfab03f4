/** Floats as text and text as floats in Go's way (package strconv, 64 bits). */

/** The forms that strconv.FormatFloat knows. */
export type FloatForm = "e" | "E" | "f" | "g" | "G" | "b" | "x" | "X";

/** The digits of a positive number: 0.DIGITS times ten to the power `point`; no digits for 0. */
interface Digits {
  digits: string;
  point: number;
}

const mantissaBits = 52n;
const mantissaMask = (1n << mantissaBits) - 1n;

/** strconv.FormatFloat(x, form, precision, 64); precision -1 asks for the fewest digits that give `x` back. */
export function formatFloat(x: number, form: FloatForm, precision = -1): string {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x < 0 ? "-Inf" : "+Inf";
  const sign = x < 0 || Object.is(x, -0) ? "-" : "";
  const size = Math.abs(x);
  switch (form) {
    case "b":
      return sign + binary(size);
    case "x":
      return sign + hexadecimal(size, precision);
    case "X":
      return sign + hexadecimal(size, precision).toUpperCase();
    case "e":
    case "E":
      return (
        sign +
        exponential(precision < 0 ? shortest(size) : rounded(size, () => precision + 1), precision, form)
      );
    case "f":
      return sign + fixed(precision < 0 ? shortest(size) : rounded(size, (at) => at + precision), precision);
    default:
      return sign + general(size, form === "g" ? "e" : "E", precision);
  }
}

/** The form of %g: as many digits as asked for, with an exponent where it is below -4 or not below the precision. */
function general(size: number, letter: "e" | "E", precision: number): string {
  const wanted = precision === 0 ? 1 : precision;
  const number = wanted < 0 ? shortest(size) : rounded(size, () => wanted);
  const count = number.digits.length;
  const exponent = number.point - 1;
  // "if precision was the shortest possible, use precision 6 for this decision" (strconv)
  const limit = wanted < 0 ? 6 : wanted > count && count >= number.point ? count : wanted;
  if (exponent < -4 || exponent >= limit) return exponential(number, Math.max(count - 1, 0), letter);
  return fixed(number, Math.max(count - number.point, 0));
}

function exponential({ digits, point }: Digits, precision: number, letter: "e" | "E"): string {
  const places = precision < 0 ? Math.max(digits.length - 1, 0) : precision;
  const all = digits.padEnd(places + 1, "0");
  const exponent = digits === "" ? 0 : point - 1;
  const power = String(Math.abs(exponent)).padStart(2, "0");
  const fraction = places === 0 ? "" : `.${all.slice(1, places + 1)}`;
  return `${all.charAt(0)}${fraction}${letter}${exponent < 0 ? "-" : "+"}${power}`;
}

function fixed({ digits, point }: Digits, precision: number): string {
  const places = precision < 0 ? Math.max(digits.length - point, 0) : precision;
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  if (places === 0) return whole;
  const fraction = point >= 0 ? digits.slice(point) : "0".repeat(Math.min(-point, places)) + digits;
  return `${whole}.${fraction.slice(0, places).padEnd(places, "0")}`;
}

function shortest(size: number): Digits {
  if (size === 0) return { digits: "", point: 0 };
  const [mantissa = "", exponent = "0"] = size.toExponential().split("e");
  return { digits: mantissa.replace(".", ""), point: Number(exponent) + 1 };
}

/** Rounded to as many digits as `countOf(point)` says, half to even, as Go does; the runtime rounds half up. */
function rounded(size: number, countOf: (point: number) => number): Digits {
  if (size === 0) return { digits: "", point: 0 };
  const exact = exactDigits(size);
  const count = countOf(exact.point);
  if (count >= exact.digits.length) return trimmed(exact);
  if (count < 0) return { digits: "", point: 0 };
  const kept = exact.digits.slice(0, count);
  const up = roundsUp(exact.digits, count);
  if (!up) return trimmed({ digits: kept, point: exact.point });
  const next = (BigInt(`0${kept}`) + 1n).toString();
  if (count === 0) return { digits: "1", point: exact.point + 1 };
  const padded = next.padStart(count, "0");
  return trimmed({ digits: padded, point: exact.point + (padded.length - count) });
}

function roundsUp(digits: string, count: number): boolean {
  const next = digits.charAt(count);
  if (next === "5" && count + 1 === digits.length) {
    return count > 0 && Number(digits.charAt(count - 1)) % 2 === 1;
  }
  return next >= "5";
}

function trimmed({ digits, point }: Digits): Digits {
  const kept = digits.replace(/0+$/, "");
  return kept === "" ? { digits: "", point: 0 } : { digits: kept, point };
}

/** Every digit of the number's exact value; at most some 770 of them. */
function exactDigits(size: number): Digits {
  const { mantissa, exponent } = parts(size);
  if (exponent >= 0) {
    const digits = (mantissa << BigInt(exponent)).toString();
    return { digits: digits.replace(/0+$/, ""), point: digits.length };
  }
  // m / 2^n = m * 5^n / 10^n
  const digits = (mantissa * 5n ** BigInt(-exponent)).toString();
  return { digits: digits.replace(/0+$/, ""), point: digits.length + exponent };
}

/** The number as mantissa times two to the power `exponent`, as it stands in its 64 bits. */
function parts(size: number): { mantissa: bigint; exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, size);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> mantissaBits) & 0x7ffn);
  const low = bits & mantissaMask;
  return biased === 0
    ? { mantissa: low, exponent: -1074 }
    : { mantissa: low | (1n << mantissaBits), exponent: biased - 1075 };
}

function binary(size: number): string {
  const { mantissa, exponent } = parts(size);
  return `${mantissa}p${exponent < 0 ? "" : "+"}${exponent}`;
}

/** 0x1.fffp+10: the leading digit is 1 (0 for zero), the exponent is one of two and has at least two digits. */
function hexadecimal(size: number, precision: number): string {
  let { mantissa } = parts(size);
  let power = size === 0 ? 0 : parts(size).exponent + 52;
  while (mantissa !== 0n && mantissa >> mantissaBits === 0n) {
    mantissa <<= 1n;
    power--;
  }
  if (precision >= 0 && precision < 13) {
    const dropped = BigInt(4 * (13 - precision));
    const kept = mantissa >> dropped;
    const rest = mantissa & ((1n << dropped) - 1n);
    const half = 1n << (dropped - 1n);
    mantissa = (kept + (rest > half || (rest === half && (kept & 1n) === 1n) ? 1n : 0n)) << dropped;
    if (mantissa >> (mantissaBits + 1n) !== 0n) {
      mantissa >>= 1n;
      power++;
    }
  }
  const lead = mantissa >> mantissaBits;
  const all = (mantissa & mantissaMask).toString(16).padStart(13, "0");
  const fraction = precision < 0 ? all.replace(/0+$/, "") : all.slice(0, precision).padEnd(precision, "0");
  const dot = fraction === "" ? "" : ".";
  return `0x${lead}${dot}${fraction}p${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}
