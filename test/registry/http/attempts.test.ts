import { expect, test } from "bun:test";
import { isTransientError, isTransientReply, retryAfterMs } from "../../../src/registry/http/attempts.ts";
import type { Reply } from "../../../src/registry/http/exchange.ts";

function reply(status: number, body = "", headers: Record<string, string> = {}): Reply {
  const url = new URL("http://registry.test");
  return { status, headers, body: new TextEncoder().encode(body), truncated: false, url };
}

test.each([408, 429, 499, 502, 503, 504, 522, 500])("isTransientReply() says yes to a bare %d", (status) => {
  expect(isTransientReply(reply(status))).toBe(true);
});

test.each([200, 400, 401, 403, 404, 405, 416, 501])("isTransientReply() says no to %d", (status) => {
  expect(isTransientReply(reply(status))).toBe(false);
});

test("isTransientReply() believes a 500 that gives a reason (docker-registry's MANIFEST_BLOB_UNKNOWN)", () => {
  expect(isTransientReply(reply(500, '{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"x"}]}'))).toBe(
    false,
  );
  expect(isTransientReply(reply(500, '{"errors":[{"code":"UNKNOWN","message":"x"}]}'))).toBe(true);
});

test("isTransientError() takes a refused connection for a restart only where somebody was before", () => {
  const refused = Object.assign(new Error("x"), { code: "ECONNREFUSED" });
  expect(isTransientError(refused, false)).toBe(false);
  expect(isTransientError(refused, true)).toBe(true);
});

test("isTransientError() never says yes to a certificate that is not trusted", () => {
  expect(isTransientError(Object.assign(new Error("x"), { code: "CERT_HAS_EXPIRED" }), true)).toBe(false);
});

test("retryAfterMs() reads seconds and dates, and nothing else", () => {
  const date = "Sun, 22 Nov 2026 12:00:00 GMT";
  const of = (value: string): number | undefined =>
    retryAfterMs(reply(429, "", { "retry-after": value, date }));
  expect(of("7")).toBe(7000);
  expect(of("Sun, 22 Nov 2026 12:00:30 GMT")).toBe(30_000);
  expect(of("Sun, 22 Nov 2026 11:00:00 GMT")).toBe(0);
  expect(of("soon")).toBeUndefined();
  expect(of("")).toBeUndefined();
});

test("retryAfterMs() takes a date by our clock where the server does not tell its own", () => {
  const soon = new Date(Date.now() + 60_000).toUTCString();
  const askedMs = retryAfterMs(reply(429, "", { "retry-after": soon })) ?? 0;
  expect(askedMs).toBeGreaterThan(0);
  expect(askedMs).toBeLessThanOrEqual(60_000);
});
