/** The functions around private keys and X.509 certificates; the generators of certificates are not offered. */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { decodeBase64 } from "../go/base64.ts";
import { GoError } from "../go/go-error.ts";
import { stringToBytes } from "../go/utf8.ts";
import { defineWithBudget } from "../values/define.ts";
import { str, struct } from "../values/make.ts";
import type { StructValue } from "../values/model.ts";
import { stringType, structType } from "../values/types.ts";

/** `sprig.certificate`: certificate and key in PEM. */
export const certificateType = structType(
  "sprig.certificate",
  [
    { name: "Cert", type: stringType },
    { name: "Key", type: stringType },
  ],
  new Map(),
);

/** Steps that a key costs: an RSA key of 4096 bits takes about a second. */
const stepsPerKey = 400_000;

const generators = [
  ["genCA", "func(string, int) (sprig.certificate, error)"],
  ["genCAWithKey", "func(string, int, string) (sprig.certificate, error)"],
  ["genSelfSignedCert", "func(string, []any, []any, int) (sprig.certificate, error)"],
  ["genSelfSignedCertWithKey", "func(string, []any, []any, int, string) (sprig.certificate, error)"],
  ["genSignedCert", "func(string, []any, []any, int, sprig.certificate) (sprig.certificate, error)"],
  [
    "genSignedCertWithKey",
    "func(string, []any, []any, int, sprig.certificate, string) (sprig.certificate, error)",
  ],
] as const;

export const certificateFunctions = [
  defineWithBudget("genPrivateKey", "func(string) string", (budget, type) => {
    budget.steps(stepsPerKey);
    return generateKey(type);
  }),
  defineWithBudget(
    "buildCustomCert",
    "func(string, string) (sprig.certificate, error)",
    (_budget, certificate, key) => checkCertificate(certificate, key),
    [certificateType],
  ),
  ...generators.map(([name, signature]) =>
    defineWithBudget(
      name,
      signature,
      (): StructValue => {
        throw new GoError("this program makes no certificates: they have no place in a rule for image names");
      },
      [certificateType],
    ),
  ),
];

function generateKey(type: string): string {
  switch (type) {
    case "":
    case "rsa":
      return generateKeyPairSync("rsa", {
        modulusLength: 4096,
        privateKeyEncoding: { type: "pkcs1", format: "pem" },
        publicKeyEncoding: { type: "pkcs1", format: "pem" },
      }).privateKey;
    case "ecdsa":
      return generateKeyPairSync("ec", {
        namedCurve: "P-256",
        privateKeyEncoding: { type: "sec1", format: "pem" },
        publicKeyEncoding: { type: "spki", format: "pem" },
      }).privateKey;
    case "ed25519":
      return generateKeyPairSync("ed25519", {
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
        publicKeyEncoding: { type: "spki", format: "pem" },
      }).privateKey;
    case "dsa":
      return "failed to generate private key: this program makes no DSA keys";
    default:
      return `Unknown type ${type}`;
  }
}

/** Both parts decoded, once they are seen to be a certificate and a private key. */
function checkCertificate(certificate64: string, key64: string): StructValue {
  const certificate = decodeOr(certificate64, "unable to decode base64 certificate");
  const key = decodeOr(key64, "unable to decode base64 private key");
  if (!/-----BEGIN [^-]+-----.*-----END [^-]+-----/s.test(certificate)) {
    throw new GoError("unable to decode certificate");
  }
  parseOr(
    "error parsing certificate: decodedCert.Bytes",
    () => new X509Certificate(stringToBytes(certificate)),
  );
  if (!key.includes("-----BEGIN ")) throw new GoError("error parsing private key: no PEM data in input");
  parseOr("error parsing private key", () => createPrivateKey(Buffer.from(stringToBytes(key))));
  return struct(certificateType, { Cert: str(certificate), Key: str(key) });
}

function decodeOr(text: string, message: string): string {
  try {
    return decodeBase64(text);
  } catch (error) {
    if (error instanceof GoError) throw new GoError(message);
    throw error;
  }
}

function parseOr(message: string, parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    if (error instanceof Error) throw new GoError(`${message}: ${error.message}`);
    throw error;
  }
}
