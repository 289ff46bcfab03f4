/** Apache's MD5 passwords, `$apr1$SALT$HASH`: what `htpasswd` writes when nobody asks for something better. */
import { createHash } from "node:crypto";

// Apache apr_md5.c: crypt's alphabet, and the order in which the digest's bytes are written, three at a time.
const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const groups: readonly (readonly [number, number, number])[] = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
];
const rounds = 1000;

/** Computes the whole `$apr1$SALT$HASH` of a password (apr_md5.c, `apr_md5_encode`). */
export function apr1(password: string, salt: string): string {
  const secret = Buffer.from(password);
  const inner = md5(secret, salt, secret);
  const outer = createHash("md5").update(secret).update("$apr1$").update(salt);
  for (let left = secret.length; left > 0; left -= 16) outer.update(inner.subarray(0, Math.min(left, 16)));
  for (let bits = secret.length; bits > 0; bits >>= 1) {
    outer.update(bits & 1 ? Buffer.of(0) : secret.subarray(0, 1));
  }
  let digest: Buffer = outer.digest();
  for (let round = 0; round < rounds; round += 1) {
    const isOdd = round % 2 === 1;
    digest = md5(
      isOdd ? secret : digest,
      round % 3 === 0 ? "" : salt,
      round % 7 === 0 ? "" : secret,
      isOdd ? digest : secret,
    );
  }
  const byte = (index: number) => digest[index] ?? 0;
  const text = groups.map(([a, b, c]) => letters((byte(a) << 16) | (byte(b) << 8) | byte(c), 4));
  return `$apr1$${salt}$${text.join("")}${letters(byte(11), 2)}`;
}

function md5(...parts: (string | Buffer)[]): Buffer {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function letters(value: number, count: number): string {
  return Array.from({ length: count }, (_, index) => alphabet[(value >> (6 * index)) & 63]).join("");
}
