/** Texts encrypted with a password: AES-256-CBC, the IV before the text, all of it in base64, as sprig has it. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { decodeBase64, encodeBase64 } from "../go/base64.ts";
import { GoPanic } from "../go/go-error.ts";
import { bytesToString, stringToBytes } from "../go/utf8.ts";

const cipher = "aes-256-cbc";
const keyBytes = 32;
const blockBytes = 16;

/** Other bytes on every call, for the IV is drawn by chance; "" stays "". */
export function encryptAes(password: string, text: string): string {
  if (text === "") return "";
  const iv = randomBytes(blockBytes);
  const encryption = createCipheriv(cipher, keyOf(password), iv);
  return encodeBase64(
    bytesToString(Buffer.concat([iv, encryption.update(stringToBytes(text)), encryption.final()])),
  );
}

/**
 * Undoes {@link encryptAes}. The padding is believed, as sprig does: a wrong password may give bytes without sense.
 *
 * @throws GoError for what is no base64
 * @throws GoPanic in Go's words for what is no whole number of blocks, or has an impossible padding
 */
export function decryptAes(password: string, encrypted: string): string {
  if (encrypted === "") return "";
  const bytes = decodeBase64(encrypted);
  if (bytes.length < blockBytes) {
    const capacity = Math.floor(encrypted.length / 4) * 3;
    throw new GoPanic(`runtime error: slice bounds out of range [:${blockBytes}] with capacity ${capacity}`);
  }
  if (bytes.length % blockBytes !== 0) throw new GoPanic("crypto/cipher: input not full blocks");
  if (bytes.length === blockBytes) throw new GoPanic("runtime error: index out of range [-1]");
  const iv = stringToBytes(bytes.slice(0, blockBytes));
  const decryption = createDecipheriv(cipher, keyOf(password), iv).setAutoPadding(false);
  const body = stringToBytes(bytes.slice(blockBytes));
  const text = bytesToString(Buffer.concat([decryption.update(body), decryption.final()]));
  const end = text.length - text.charCodeAt(text.length - 1);
  if (end < 0) throw new GoPanic(`runtime error: slice bounds out of range [:${end}]`);
  return text.slice(0, end);
}

/** The password's first bytes, with zeros behind them. */
function keyOf(password: string): Uint8Array {
  const key = new Uint8Array(keyBytes);
  key.set(stringToBytes(password.slice(0, keyBytes)));
  return key;
}
