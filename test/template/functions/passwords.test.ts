/** The functions that hash, derive and use passwords. */
import { expect, test } from "bun:test";
import { parseTemplate } from "../../../src/template/template.ts";
import { nil } from "../../../src/template/values/make.ts";

function run(source: string): string {
  return parseTemplate("t", source).execute(nil);
}

test("bcrypt gives a hash that the password fits, and refuses what bcrypt cannot take in", () => {
  const hash = run('{{bcrypt "secret"}}');
  expect(hash).toStartWith("$2a$10$");
  expect(Bun.password.verifySync("secret", hash)).toBe(true);
  expect(run('{{len (bcrypt "")}}')).toBe("60");
  expect(run('{{bcrypt (repeat 73 "x")}}')).toBe(
    "failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes",
  );
  expect(run('{{htpasswd "user" "secret" | trunc 12}}')).toBe("user:$2a$10$");
});

test("slow functions use up the steps of a run", () => {
  expect(() => run('{{range until 100}}{{derivePassword 1 "pin" "a" "b" "c"}}{{end}}')).toThrow(
    "more than 2000000 steps",
  );
}, 60_000);

test("derivePassword gives sprig's passwords", () => {
  expect(run('{{derivePassword 1 "long" "password" "user" "example.com"}}')).toBe("ZedaFaxcZaso9*");
  expect(run('{{derivePassword 4294967295 "pin" "pässword" "user" "example.com"}}')).toMatch(/^[0-9]{4}$/);
  expect(run('{{derivePassword 1 "toString" "a" "b" "c"}}')).toBe("cannot find password template toString");
});

test("what was encrypted is decrypted", () => {
  for (const text of ["x", "exactly 16 bytes", "längere Texte, als ein Block lang ist"]) {
    expect(run(`{{encryptAES "key" "${text}" | decryptAES "key"}}`)).toBe(text);
  }
  expect(run('{{encryptAES "key" ""}}{{decryptAES "key" ""}}')).toBe("");
});

test("decryptAES fails in Go's words", () => {
  const bad: [encrypted: string, message: string][] = [
    ["!", "illegal base64 data at input byte 0"],
    ["YWJj", "runtime error: slice bounds out of range [:16] with capacity 3"],
    ["AAAAAAAAAAAAAAAAAAAAAA==", "runtime error: index out of range [-1]"],
    ["AAAAAAAAAAAAAAAAAAAAAAAA", "crypto/cipher: input not full blocks"],
  ];
  for (const [encrypted, message] of bad) {
    expect(() => run(`{{decryptAES "key" "${encrypted}"}}`)).toThrow(`error calling decryptAES: ${message}`);
  }
});
