import { expect, test } from "bun:test";
import * as imitation from "undici";
import { assertRealUndici } from "../../src/registry/transport.ts";

test("assertRealUndici() is content with what the client imports", () => {
  expect(() => assertRealUndici()).not.toThrow();
});

test("assertRealUndici() knows Bun's imitation", () => {
  expect(() => assertRealUndici(imitation.Agent.prototype)).toThrow("imitation");
});
