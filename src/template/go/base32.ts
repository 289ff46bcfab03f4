/** Base32 with Go's standard alphabet and Go's complaints (package encoding/base32); byte strings both ways. */

import { GoError } from "./go-error.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The bytes in base32, padded. */
export function encodeBase32(bytes: string): string {
  let text = "";
  let bits = 0;
  let waiting = 0;
  for (let at = 0; at < bytes.length; at++) {
    bits = ((bits << 8) | bytes.charCodeAt(at)) & 0xfff;
    waiting += 8;
    for (; waiting >= 5; waiting -= 5) text += alphabet.charAt((bits >> (waiting - 5)) & 31);
  }
  if (waiting > 0) text += alphabet.charAt((bits << (5 - waiting)) & 31);
  return text.padEnd(Math.ceil(text.length / 8) * 8, "=");
}

/**
 * The bytes that base32 text stands for; line ends in it are passed over, and not counted in complaints.
 *
 * @throws GoError `illegal base32 data at input byte N`
 */
export function decodeBase32(text: string): string {
  const plain = text.replace(/[\r\n]/g, "");
  const end = endOfData(plain);
  let bytes = "";
  let bits = 0;
  let waiting = 0;
  for (let at = 0; at < end; at++) {
    bits = ((bits << 5) | alphabet.indexOf(plain.charAt(at))) & 0xfff;
    waiting += 5;
    if (waiting < 8) continue;
    waiting -= 8;
    bytes += String.fromCharCode((bits >> waiting) & 0xff);
  }
  return bytes;
}

/** Where the padding begins; checks everything before and behind it. */
function endOfData(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const inGroup = at % 8;
    const left = text.length - at - 1;
    if (text[at] === "=" && inGroup >= 2 && left < 8) {
      checkPadding(text, at, inGroup);
      return at;
    }
    if (!alphabet.includes(text.charAt(at))) throw corrupt(at);
  }
  const missing = text.length % 8;
  if (missing !== 0) throw corrupt(text.length - missing);
  return text.length;
}

function checkPadding(text: string, at: number, inGroup: number): void {
  const left = text.length - at - 1;
  if (left + inGroup < 7) throw corrupt(text.length);
  for (let more = 0; more < 7 - inGroup; more++) {
    if (more < left && text[at + 1 + more] !== "=") throw corrupt(at + more);
  }
  // RFC 4648 section 6: three and six characters make no whole byte.
  if (inGroup === 3 || inGroup === 6) throw corrupt(at);
}

function corrupt(at: number): GoError {
  return new GoError(`illegal base32 data at input byte ${at}`);
}
