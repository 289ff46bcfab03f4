import { expect, test } from "bun:test";
import { parseBlockSize, parsePercent, parsePlatforms } from "../../src/commands/flag-values.ts";
import { parseVerbosity } from "../../src/commands/verbosity.ts";

test("--platforms may be repeated and have commas", () => {
  expect(parsePlatforms(["linux/amd64, linux/arm64/v8", "windows/amd64"])).toEqual([
    { os: "linux", architecture: "amd64" },
    { os: "linux", architecture: "arm64", variant: "v8" },
    { os: "windows", architecture: "amd64" },
  ]);
  expect(() => parsePlatforms(["linux"])).toThrow('"linux"');
});

test.each([
  ["0", 0],
  ["90", 90],
  ["100", 100],
])("--hwm %s", (text, percent) => {
  expect(parsePercent(text, "--hwm")).toBe(percent);
});

test.each(["101", "-1", "50%", "5.5", "", "many"])("--hwm %j is refused", (text) => {
  expect(() => parsePercent(text, "--hwm")).toThrow("want a whole number from 0 to 100");
});

test("a block size for writing is not 0", () => {
  expect(parseBlockSize("64Ki")).toBe(65536);
  expect(() => parseBlockSize("0")).toThrow("Cannot use 0 as --block-size");
});

test.each([
  ["error", 0],
  ["warn", 4],
  ["info", 8],
  ["debug", 12],
  ["DEBUG", 12],
  ["16", 16],
])("-v %s is level %d", (text, level) => {
  expect(parseVerbosity(text, "--verbosity", "usage")).toBe(level);
});

test.each(["loud", "-1", "1.5", "", "constructor"])("-v %j is refused", (text) => {
  expect(() => parseVerbosity(text, "ACE_DT_VERBOSITY", "config")).toThrow("ACE_DT_VERBOSITY");
});
