import { expect, test } from "bun:test";
import { apr1 } from "../../src/server/apr1.ts";

// Written by `openssl passwd -apr1 -salt SALT PASSWORD`.
const rows: [string, string, string][] = [
  ["x", "a", "$apr1$a$CwOs8ZUV1Vmp.iAwImfTn1"],
  ["secret", "saltsalt", "$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0"],
  ["exactly16bytes!!", "abcd", "$apr1$abcd$IdHM4CLatHnvg15kNQ815/"],
  ["seventeen bytes!!", "12345678", "$apr1$12345678$SrHkShzCJkOJnCCdwIrvC/"],
  ["pässwörd with more than thirty-two bytes", "./Az09", "$apr1$./Az09$3W3TlJlT/sPlsq1RcQNMn1"],
];
for (const [password, salt, hash] of rows) {
  test(`apr1() of a password of ${password.length} characters is what OpenSSL writes`, () => {
    expect(apr1(password, salt)).toBe(hash);
  });
}
