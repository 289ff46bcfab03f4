/** Passwords worked out from one master password (the Master Password algorithm, as sprig has it). */
import { createHmac, scryptSync } from "node:crypto";
import { encodeText, stringToBytes } from "../go/utf8.ts";

/** The algorithm's namespace. */
const seedName = "com.lyndir.masterpassword";

/** Cost of scrypt: the algorithm's own numbers; they take 32 MiB. */
const scryptCost = { N: 32768, r: 8, p: 2, maxmem: 64 * 1024 * 1024 };

/** Shapes of a password by type: each letter stands for a class of characters. */
const shapes: Readonly<Record<string, readonly string[]>> = {
  maximum: ["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
  long: [
    ...["CvcvnoCvcvCvcv", "CvcvCvcvnoCvcv", "CvcvCvcvCvcvno", "CvccnoCvcvCvcv", "CvccCvcvnoCvcv"],
    ...["CvccCvcvCvcvno", "CvcvnoCvccCvcv", "CvcvCvccnoCvcv", "CvcvCvccCvcvno", "CvcvnoCvcvCvcc"],
    ...["CvcvCvcvnoCvcc", "CvcvCvcvCvccno", "CvccnoCvccCvcv", "CvccCvccnoCvcv", "CvccCvccCvcvno"],
    ...["CvcvnoCvccCvcc", "CvcvCvccnoCvcc", "CvcvCvccCvccno", "CvccnoCvcvCvcc", "CvccCvcvnoCvcc"],
    "CvccCvcvCvccno",
  ],
  medium: ["CvcnoCvc", "CvcCvcno"],
  short: ["Cvcn"],
  basic: ["aaanaaan", "aannaaan", "aaannaaa"],
  pin: ["nnnn"],
};

const letters = "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

const classes: Readonly<Record<string, string>> = {
  V: "AEIOU",
  C: "BCDFGHJKLMNPQRSTVWXYZ",
  v: "aeiou",
  c: "bcdfghjklmnpqrstvwxyz",
  A: "AEIOUBCDFGHJKLMNPQRSTVWXYZ",
  a: letters,
  n: "0123456789",
  o: "@&%?,=[]_:-+*$#!'^~;()/.",
  x: `${letters}0123456789!@#$%^&*()`,
};

/** The password of a user on a site; `counter` gives new ones. An unknown type gives a sentence that says so. */
export function derivePassword(
  counter: bigint,
  type: string,
  password: string,
  user: string,
  site: string,
): string {
  const choices = Object.hasOwn(shapes, type) ? shapes[type] : undefined;
  if (choices === undefined) return `cannot find password template ${type}`;
  const salt = seedName + bigEndian(user.length) + user;
  const key = scryptSync(stringToBytes(password), stringToBytes(salt), 64, scryptCost);
  const message = seedName + bigEndian(site.length) + site + bigEndian(Number(counter));
  const [first = 0, ...seed] = createHmac("sha256", key).update(stringToBytes(message)).digest();
  const shape = choices[first % choices.length] ?? "";
  let derived = "";
  for (const [at, each] of [...shape].entries()) {
    const characters = classes[each] ?? "";
    derived += characters.charAt((seed[at] ?? 0) % characters.length);
  }
  return encodeText(derived);
}

/** Four bytes, the highest first. */
function bigEndian(number: number): string {
  return String.fromCharCode(number >>> 24, (number >>> 16) & 0xff, (number >>> 8) & 0xff, number & 0xff);
}
