/** The value of `--annotations`: `k=v,k2=v2`, as pflag's `stringToString` reads it. */
import { parse } from "csv-parse/sync";
import { type AceError, messageOf, refusedOption } from "../errors.ts";

/**
 * Reads the values of all `--annotations` flags; a later key wins. With a single `=` everything behind it is the value,
 * commas too; else commas separate, and a pair that has one is put into double quotes.
 * @throws AceError `usage`
 */
export function parseAnnotations(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.flatMap((text) => pairsOf(text).map((pair) => splitPair(pair, text))));
}

function pairsOf(text: string): string[] {
  if (!text.includes("=")) throw problem(text, "there is no key=value in it");
  if (text.split("=").length === 2) return [text.replaceAll(/^"+|"+$/g, "")];
  try {
    return parse(text, { relax_column_count: true }).flat();
  } catch (cause) {
    throw problem(text, messageOf(cause), cause);
  }
}

function splitPair(pair: string, text: string): [string, string] {
  const equals = pair.indexOf("=");
  if (equals <= 0) throw problem(text, `${JSON.stringify(pair)} is no key=value`);
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}

function problem(text: string, why: string, cause?: unknown): AceError {
  return refusedOption("annotations", why, {
    value: JSON.stringify(text),
    cause,
    hint: "Write key=value, several of them with commas between; with a comma in a value: '\"key=a,b\",key2=c'.",
  });
}
