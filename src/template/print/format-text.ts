/** Strings and bytes by fmt's verbs. */
import { canBackquote, quote } from "../go/quote.ts";
import { decodeRune } from "../go/utf8.ts";
import { pad, padding, type Spec } from "./spec.ts";

/** The string by the verb, or undefined where the verb is none for strings. */
export function formatText(text: string, spec: Spec): string | undefined {
  switch (spec.verb) {
    case "v":
      return spec.sharpV ? formatQuoted(text, spec) : pad(truncate(text, spec), spec);
    case "s":
      return pad(truncate(text, spec), spec);
    case "x":
      return formatBytes(text, spec);
    case "X":
      return formatBytes(text, spec);
    case "q":
      return formatQuoted(text, spec);
    default:
      return undefined;
  }
}

/** The text cut to the precision, which counts characters. */
function truncate(text: string, spec: Spec): string {
  if (spec.precision === undefined) return text;
  let at = 0;
  for (let count = 0; count < spec.precision && at < text.length; count++) at += decodeRune(text, at).size;
  return text.slice(0, at);
}

function formatQuoted(text: string, spec: Spec): string {
  const kept = truncate(text, spec);
  return pad(spec.sharp && canBackquote(kept) ? `\`${kept}\`` : quote(kept, spec.plus), spec);
}

/** Each byte as two hexadecimal digits; the precision counts bytes. */
function formatBytes(text: string, spec: Spec): string {
  const kept = text.slice(0, spec.precision ?? text.length);
  const pairs = Array.from(kept, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0"));
  const prefix = spec.sharp && kept !== "" ? "0x" : "";
  const joined = prefix + pairs.join(spec.space ? ` ${prefix}` : "");
  const cased = spec.verb === "X" ? joined.toUpperCase() : joined;
  const missing = padding((spec.width ?? 0) - cased.length, spec);
  return spec.minus && kept !== "" ? cased + missing : missing + cased;
}
