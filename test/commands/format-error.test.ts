import { expect, test } from "bun:test";
import { formatError } from "../../src/commands/format-error.ts";
import { AceError } from "../../src/errors.ts";

test("an error is its message, its details and its hint, without a stack", () => {
  const error = new AceError("archive", "Cannot read a.tar: 2 blobs are missing", {
    details: ["sha256:1", "sha256:2"],
    hint: "Carry it again.",
  });
  expect(formatError(error, false)).toBe(
    "ace-dt: Cannot read a.tar: 2 blobs are missing\nsha256:1\nsha256:2\nhint: Carry it again.\n",
  );
});

test("an error without a hint is one line", () => {
  expect(formatError(new AceError("usage", "Cannot do it: no"), false)).toBe("ace-dt: Cannot do it: no\n");
});

test("whatever is no error of ours is named a fault of the program, with the way to its stack", () => {
  expect(formatError(new TypeError("x is not a function"), false)).toBe(
    "ace-dt: Cannot go on: x is not a function\nhint: This is a fault of ace-dt; -v debug shows where it happened.\n",
  );
  expect(formatError("thrown text", false)).toContain("Cannot go on: thrown text");
});

test("with the stack wanted, causes are shown too", () => {
  const text = formatError(
    new AceError("network", "Cannot reach a.io", { cause: new Error("ECONNRESET") }),
    true,
  );
  expect(text).toContain("format-error.test.ts");
  expect(text).toContain("caused by Error: ECONNRESET");
});
