import { expect, test } from "bun:test";
import { isPrivateHost, whyNotFollow } from "../../../src/registry/http/redirects.ts";

test.each([
  "localhost",
  "x.localhost",
  "127.0.0.1",
  "10.1.2.3",
  "172.31.0.1",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "[::1]",
  "[fe80::1]",
  "[fd00::1]",
  "[::ffff:7f00:1]",
])("isPrivateHost(%s)", (host) => {
  expect(isPrivateHost(host)).toBe(true);
});

test.each([
  "registry.test",
  "8.8.8.8",
  "172.32.0.1",
  "100.128.0.1",
  "[2001:db8::1]",
  "fd.example",
  "10.example",
])("isPrivateHost(%s) is false", (host) => {
  expect(isPrivateHost(host)).toBe(false);
});

test.each([
  ["https://a.test", "http://a.test", false, true, "a token must not travel in the clear"],
  ["https://a.test", "http://b.test", true, false, "a blob's digest is checked"],
  ["https://a.test", "https://127.0.0.1/x", true, true, "a public host points at this machine"],
  ["http://127.0.0.1:5000", "http://127.0.0.1:5001/token", false, false, "the registry is here itself"],
  ["http://localhost:5000", "http://10.0.0.1/token", false, false, "the registry is in this network itself"],
  ["https://a.test", "ftp://a.test", true, true, "no such scheme"],
  ["https://a.test", "null://a.test", true, true, "Nexus 3.77.1 has sent this"],
  ["https://a.test", "https://b.test", false, false, "a storage service"],
])("whyNotFollow(%s, %s, plain %p) refuses: %p (%s)", (from, to, plain, refused) => {
  expect(whyNotFollow(new URL(from), new URL(to), plain) !== undefined).toBe(refused);
});
