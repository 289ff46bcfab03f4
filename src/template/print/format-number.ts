/** Floats and complex numbers by fmt's verbs. */
import { type FloatForm, formatFloat as formatDigits } from "../go/format-float.ts";
import { pad, padding, type Spec } from "./spec.ts";

/** The form of each verb and the precision where none is given. */
const verbs: Readonly<Record<string, { form: FloatForm; precision: number }>> = {
  v: { form: "g", precision: -1 },
  b: { form: "b", precision: -1 },
  g: { form: "g", precision: -1 },
  G: { form: "G", precision: -1 },
  x: { form: "x", precision: -1 },
  X: { form: "X", precision: -1 },
  f: { form: "f", precision: 6 },
  F: { form: "f", precision: 6 },
  e: { form: "e", precision: 6 },
  E: { form: "E", precision: 6 },
};

/** The float by the verb, or undefined where the verb is none for floats. */
export function printFloat(x: number, spec: Spec): string | undefined {
  const verb = verbs[spec.verb];
  if (verb === undefined) return undefined;
  const precision = spec.precision ?? verb.precision;
  const written = formatDigits(x, verb.form, precision);
  const size = written.replace(/^[+-]/, "");
  const sign = written.startsWith("-") ? "-" : spec.plus ? "+" : spec.space ? " " : "";
  if (!Number.isFinite(x)) {
    const shown = Number.isNaN(x) ? sign : written.startsWith("-") ? "-" : sign === "" ? "+" : sign;
    return pad(shown + size, { ...spec, zero: false });
  }
  const digits = spec.sharp && verb.form !== "b" ? keepPoint(size, verb.form, precision) : size;
  if (sign !== "" && spec.zero && !spec.minus && spec.width !== undefined) {
    return sign + padding(spec.width - digits.length - 1, spec) + digits;
  }
  return pad(sign + digits, spec);
}

/** The complex number by the verb: both parts formatted alike, the second one always with its sign. */
export function formatComplex(re: number, im: number, spec: Spec): string | undefined {
  const real = printFloat(re, spec);
  const imaginary = printFloat(im, { ...spec, plus: true });
  return real === undefined || imaginary === undefined ? undefined : `(${real}${imaginary}i)`;
}

/** The flag `#`: a decimal point always, and for %g the zeros that it drops. */
function keepPoint(size: string, form: FloatForm, precision: number): string {
  const isHexadecimal = form === "x" || form === "X";
  const tailAt = size.search(isHexadecimal ? /[pP]/ : /[eE]/);
  const body = tailAt < 0 ? size : size.slice(0, tailAt);
  const tail = tailAt < 0 ? "" : size.slice(tailAt);
  const counted = form === "g" || form === "G" || form === "x";
  let missing = counted ? (precision === -1 ? 6 : precision) : 0;
  // fmt counts each character but the point from the first that is no 0, the x of 0x among them
  missing -= body.replace(".", "").replace(/^0+/, "").length;
  if (!body.includes(".") && body === "0") missing--;
  const pointed = body.includes(".") ? body : `${body}.`;
  return pointed + "0".repeat(Math.max(missing, 0)) + tail;
}
