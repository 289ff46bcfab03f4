/** Base64 with Go's standard alphabet and Go's complaints (package encoding/base64); byte strings both ways. */

import { GoError } from "./go-error.ts";
import { stringToBytes } from "./utf8.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The bytes in base64, padded. */
export function encodeBase64(bytes: string): string {
  return stringToBytes(bytes).toBase64();
}

/**
 * The bytes that base64 text stands for; line ends in it are passed over.
 *
 * @throws GoError `illegal base64 data at input byte N`
 */
export function decodeBase64(text: string): string {
  let bytes = "";
  for (let at = 0; at < text.length; ) {
    const quantum = readQuantum(text, at);
    bytes += quantum.bytes;
    at = quantum.next;
  }
  return bytes;
}

/** Reads four characters, or fewer with padding, which must end the text. */
function readQuantum(text: string, start: number): { bytes: string; next: number } {
  let bits = 0;
  let count = 0;
  let at = start;
  while (count < 4) {
    at = skipLineEnds(text, at);
    if (at === text.length) {
      if (count === 0) return { bytes: "", next: at };
      throw corrupt(at - count);
    }
    const value = alphabet.indexOf(text.charAt(at));
    if (value < 0) {
      readPadding(text, at, count);
      return { bytes: topBytes(bits << (6 * (4 - count)), count - 1), next: text.length };
    }
    bits = (bits << 6) | value;
    count++;
    at++;
  }
  return { bytes: topBytes(bits, 3), next: at };
}

function readPadding(text: string, start: number, count: number): void {
  if (text[start] !== "=" || count < 2) throw corrupt(start);
  let at = start + 1;
  if (count === 2) {
    at = skipLineEnds(text, at);
    if (at === text.length) throw corrupt(at);
    if (text[at] !== "=") throw corrupt(at - 1);
    at++;
  }
  at = skipLineEnds(text, at);
  if (at < text.length) throw corrupt(at);
}

function topBytes(bits: number, count: number): string {
  return String.fromCharCode((bits >> 16) & 0xff, (bits >> 8) & 0xff, bits & 0xff).slice(0, count);
}

function skipLineEnds(text: string, start: number): number {
  let at = start;
  while (text[at] === "\n" || text[at] === "\r") at++;
  return at;
}

function corrupt(at: number): GoError {
  return new GoError(`illegal base64 data at input byte ${at}`);
}
