import { expect, test } from "bun:test";
import { parseRoute, type Route } from "../../src/server/route.ts";
import { errorCode } from "../support/embedded.ts";

const good: [string, Route][] = [
  ["/v2", { kind: "ping" }],
  ["/v2/", { kind: "ping" }],
  ["/v2/_catalog", { kind: "catalog" }],
  ["/v2/a/tags/list", { kind: "tags", repository: "a" }],
  ["/v2/a/b/blobs/uploads/", { kind: "uploads", repository: "a/b" }],
  ["/v2/a/b/blobs/uploads", { kind: "uploads", repository: "a/b" }],
  ["/v2/a/blobs/uploads/1", { kind: "upload", repository: "a", reference: "1" }],
  ["/v2/blobs/uploads/blobs/sha256:1", { kind: "blob", repository: "blobs/uploads", reference: "sha256:1" }],
  ["/v2/manifests/manifests/v1", { kind: "manifest", repository: "manifests", reference: "v1" }],
  ["/v2/a/manifests/sha256%3A1", { kind: "manifest", repository: "a", reference: "sha256:1" }],
  ["/v2/a/referrers/sha256:1", { kind: "referrers", repository: "a", reference: "sha256:1" }],
];
for (const [path, route] of good) {
  test(`parseRoute() understands ${path}`, () => expect(parseRoute(path)).toEqual(route));
}

const bad: [string, string, number, string][] = [
  ["/", "outside of the API", 404, "UNSUPPORTED"],
  ["/v2/a", "no endpoint", 404, "UNSUPPORTED"],
  ["/v1/a/tags/list", "an older API", 404, "UNSUPPORTED"],
  ["/v2//tags/list", "an empty name", 404, "UNSUPPORTED"],
  ["/v2/A/tags/list", "an upper-case name", 400, "NAME_INVALID"],
  ["/v2/a/../b/tags/list", "a path trick", 400, "NAME_INVALID"],
  ["/v2/a%2f..%2f..%2fetc/tags/list", "an encoded path trick", 400, "NAME_INVALID"],
  ["/v2/a+b/tags/list", "the character that stands for a slash on disk", 400, "NAME_INVALID"],
  [`/v2/${"a".repeat(256)}/tags/list`, "a name of 256 characters", 400, "NAME_INVALID"],
  ["/v2/a%00b/tags/list", "a zero byte", 400, "NAME_INVALID"],
  ["/v2/%ff/tags/list", "no UTF-8", 400, "NAME_INVALID"],
];
for (const [path, why, status, code] of bad) {
  test(`parseRoute() refuses ${why}`, async () => {
    const answer = parseRoute(path);
    if (!(answer instanceof Response)) throw new Error("it was understood");
    expect(answer.status).toBe(status);
    expect(await errorCode(answer)).toBe(code);
  });
}
