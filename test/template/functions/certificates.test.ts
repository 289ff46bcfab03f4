/** The functions around private keys and certificates. */

import { expect, test } from "bun:test";
import { createPrivateKey } from "node:crypto";
import { parseTemplate } from "../../../src/template/template.ts";
import { nil } from "../../../src/template/values/make.ts";

function run(source: string): string {
  return parseTemplate("t", source).execute(nil);
}

test("genPrivateKey makes keys of the kinds that are asked for", () => {
  for (const [kind, header] of [
    ["ecdsa", "-----BEGIN EC PRIVATE KEY-----\n"],
    ["ed25519", "-----BEGIN PRIVATE KEY-----\n"],
  ]) {
    const key = run(`{{genPrivateKey "${kind}"}}`);
    expect(key).toStartWith(header ?? "none");
    expect(createPrivateKey(key).type).toBe("private");
  }
  expect(run('{{genPrivateKey "nope"}}')).toBe("Unknown type nope");
  expect(() => run('{{range until 20}}{{$_ := genPrivateKey "ecdsa"}}{{end}}')).toThrow(
    "more than 2000000 steps",
  );
});

test("buildCustomCert looks at both parts before it gives them back", () => {
  const bad: [certificate: string, key: string, message: string][] = [
    ["x", "y", "unable to decode base64 certificate"],
    ["YWJj", "y", "unable to decode base64 private key"],
    ["YWJj", "YWJj", "unable to decode certificate"],
  ];
  for (const [certificate, key, message] of bad) {
    expect(() => run(`{{buildCustomCert "${certificate}" "${key}"}}`)).toThrow(
      `error calling buildCustomCert: ${message}`,
    );
  }
});

test("the generators of certificates are known and say that they are not offered", () => {
  for (const call of [
    'genCA "a" 1',
    'genCAWithKey "a" 1 "k"',
    'genSelfSignedCert "a" nil nil 1',
    'genSelfSignedCertWithKey "a" nil nil 1 "k"',
  ]) {
    expect(() => run(`{{${call}}}`)).toThrow("this program makes no certificates");
  }
  expect(() => run('{{genSignedCert "a" nil nil 1 2}}')).toThrow("sprig.certificate");
});
