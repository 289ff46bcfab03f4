/** The functions that encode text as base64 and base32 and decode it; a decoding error is the result, not an error. */
import { decodeBase32, encodeBase32 } from "../go/base32.ts";
import { decodeBase64, encodeBase64 } from "../go/base64.ts";
import { GoError } from "../go/go-error.ts";
import { define } from "../values/define.ts";

const signature = "func(string) string";

export const encodingFunctions = [
  define("b64enc", signature, encodeBase64),
  define("b64dec", signature, (text) => orMessage(() => decodeBase64(text))),
  define("b32enc", signature, encodeBase32),
  define("b32dec", signature, (text) => orMessage(() => decodeBase32(text))),
];

function orMessage(decode: () => string): string {
  try {
    return decode();
  } catch (error) {
    if (error instanceof GoError) return error.message;
    throw error;
  }
}
