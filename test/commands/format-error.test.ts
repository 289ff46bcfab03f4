import { expect, test } from "bun:test";
import { formatError } from "../../src/commands/format-error.ts";
import { AceError, refusedOption } from "../../src/errors.ts";

const command = (id = "", ...flags: string[]) => ({ id, argv: [], flags: new Set(flags) });

test("an error is its message, its details and its hint, without a stack", () => {
  const error = new AceError("archive", "Cannot read a.tar: 2 blobs are missing", {
    details: ["sha256:1", "sha256:2"],
    hint: "Carry it again.",
  });
  expect(formatError(error, command(), false)).toBe(
    "ace-dt: Cannot read a.tar: 2 blobs are missing\nsha256:1\nsha256:2\nhint: Carry it again.\n",
  );
});

test("what an error advises is said in the flags of the command, and left out where it has none", () => {
  const error = new AceError("medium", "Cannot write a.tar: the file exists already", {
    details: ["one fact", { kind: "other-images" }],
    hint: { kind: "replace", written: "file" },
  });
  const said = (...flags: string[]) =>
    formatError(error, command("x", ...flags), false)
      .split("\n")
      .slice(1, -1);
  expect(said()).toEqual(["one fact", "hint: Name a new file."]);
  expect(said("continue", "force", "resume")).toEqual([
    "one fact",
    "--continue goes on with the other images.",
    "hint: Name a new file, or give --force in place of --resume to replace this one.",
  ]);
});

test("an option that is refused is written as the flag it was given with", () => {
  const error = refusedOption("buffer-size", "there is not so much memory", { value: 5 });
  expect(formatError(error, command("x", "buffer-size"), false)).toStartWith(
    "ace-dt: Cannot use --buffer-size 5: there",
  );
  expect(formatError(error, command("x"), false)).toStartWith("ace-dt: Cannot use buffer-size 5: there");
});

test("an error without a hint is one line", () => {
  expect(formatError(new AceError("usage", "Cannot do it: no"), command(), false)).toBe(
    "ace-dt: Cannot do it: no\n",
  );
});

test("whatever is no error of ours is named a fault of the program, with the way to its stack", () => {
  expect(formatError(new TypeError("x is not a function"), command(), false)).toBe(
    "ace-dt: Cannot go on: x is not a function\nhint: This is a fault of ace-dt; -v debug shows where it happened.\n",
  );
  expect(formatError("thrown text", command(), false)).toContain("Cannot go on: thrown text");
});

test("with the stack wanted, causes are shown too", () => {
  const text = formatError(
    new AceError("network", "Cannot reach a.io", { cause: new Error("ECONNRESET") }),
    command(),
    true,
  );
  expect(text).toContain("format-error.test.ts");
  expect(text).toContain("caused by Error: ECONNRESET");
});
