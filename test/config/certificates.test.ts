import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificateRoots, readCertificates } from "../../src/config/certificates.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ace-certs-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Makes `DIRECTORY/a.io:5000` with files whose content is their own name. */
function certs(directory: string, ...names: string[]): string {
  const path = join(root, directory);
  mkdirSync(join(path, "a.io:5000"), { recursive: true });
  for (const name of names) writeFileSync(join(path, "a.io:5000", name), name);
  return path;
}

test.each([
  [
    "the original's names",
    ["ca.pem", "cert.pem", "key.pem"],
    { ca: "ca.pem", cert: "cert.pem", key: "key.pem" },
  ],
  [
    "Docker's names",
    ["ca.crt", "client.cert", "client.key"],
    { ca: "ca.crt", cert: "client.cert", key: "client.key" },
  ],
  ["several authorities are joined", ["b.crt", "a.crt", "ca.pem"], { ca: "a.crt\nb.crt\nca.pem" }],
  [
    "of several pairs cert.pem comes first",
    ["a.cert", "a.key", "cert.pem", "key.pem"],
    { cert: "cert.pem", key: "key.pem" },
  ],
  ["other files are left alone", ["hosts.toml", "README"], {}],
])("readCertificates(): %s", async (_name, names, expected) => {
  expect(await readCertificates("a.io:5000", [certs("x", ...names)])).toEqual(expected);
});

test("the first directory that exists is the only one, even when it is empty", async () => {
  const first = certs("first");
  const second = certs("second", "ca.pem");
  expect(await readCertificates("a.io:5000", [join(root, "none"), first, second])).toEqual({});
  expect(await readCertificates("a.io:5000", [join(root, "none"), second])).toEqual({ ca: "ca.pem" });
});

test("another port is another host", async () => {
  expect(await readCertificates("a.io", [certs("x", "ca.pem")])).toEqual({});
});

test.each([
  [["cert.pem"], "there is cert.pem but no key.pem"],
  [["key.pem"], "there is key.pem but no cert.pem"],
  [["x.cert"], "there is x.cert but no x.key"],
  [["x.key", "y.cert"], "there is x.key but no x.cert"],
])("half a pair is an error: %j", async (names, message) => {
  await expect(readCertificates("a.io:5000", [certs("x", ...names)])).rejects.toMatchObject({
    code: "config",
    message: expect.stringContaining(message),
  });
});

test("a certificate that cannot be read is an error", async () => {
  const directory = certs("x");
  mkdirSync(join(directory, "a.io:5000", "ca.pem"));
  await expect(readCertificates("a.io:5000", [directory])).rejects.toThrow("EISDIR");
});

test("the user's own directory comes last, and not at all without HOME", () => {
  expect(certificateRoots({ HOME: "/h" })).toEqual([
    "/etc/containerd/certs.d",
    "/etc/docker/certs.d",
    "/h/.docker/certs.d",
  ]);
  expect(certificateRoots({})).toHaveLength(2);
});
