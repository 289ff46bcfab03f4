/** JSON as Go's encoding/json writes it, so that digests of what we build equal the original's. */

const escapes: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/**
 * Encodes a value whose object keys are already in the wanted order.
 * Go escapes `<`, `>`, `&`, U+2028 and U+2029 inside strings (encoding/json `HTMLEscape`); outside strings they cannot occur.
 * Since Go 1.22 `\b` and `\f` are written as JSON.stringify writes them.
 * @param indent blanks per level; 0 writes everything on one line, as `json.Marshal` does
 */
export function goJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, undefined, indent).replace(
    /[<>&\u2028\u2029]/g,
    (character) => escapes[character] ?? character,
  );
}
