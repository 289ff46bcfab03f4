/** The functions that give checksums of a text's bytes. */
import { createHash } from "node:crypto";
import { stringToBytes } from "../go/utf8.ts";
import { define } from "../values/define.ts";

const signature = "func(string) string";
/** RFC 1950 section 8.2. */
const adlerModulus = 65521;

export const hashFunctions = [
  define("sha1sum", signature, (text) => hexadecimal("sha1", text)),
  define("sha256sum", signature, (text) => hexadecimal("sha256", text)),
  define("sha512sum", signature, (text) => hexadecimal("sha512", text)),
  define("adler32sum", signature, (text) => String(adler32(text))),
];

function hexadecimal(algorithm: string, text: string): string {
  return createHash(algorithm).update(stringToBytes(text)).digest("hex");
}

function adler32(text: string): number {
  let low = 1;
  let high = 0;
  for (let at = 0; at < text.length; at++) {
    low = (low + text.charCodeAt(at)) % adlerModulus;
    high = (high + low) % adlerModulus;
  }
  return high * 0x10000 + low;
}
