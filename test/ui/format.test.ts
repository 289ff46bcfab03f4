import { describe, expect, test } from "bun:test";
import { formatBytes, formatLog, formatSeconds, plainText } from "../../src/ui/format.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.00 kB"],
  [15_819, "15.8 kB"],
  [99_960, "100 kB"],
  [999_499, "999 kB"],
  [999_500, "1.00 MB"],
  [1_234_567_890, "1.23 GB"],
  [12_300_000_000_000, "12.3 TB"],
  [5e18, "5000 PB"],
])("formatBytes(%p) is %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0, "0.0 s"],
  [12.34, "12.3 s"],
  [59.94, "59.9 s"],
  [59.96, "1m00s"],
  [125, "2m05s"],
  [3599.7, "1h00m"],
  [11_240, "3h07m"],
  [360_000, "100h00m"],
])("formatSeconds(%p) is %s", (seconds, text) => {
  expect(formatSeconds(seconds)).toBe(text);
});

describe("text for a terminal", () => {
  test("keeps newlines and tabs and shows other control characters", () => {
    expect(plainText("a\tb\nc\x1b]0;title\x07\r\x9b2J")).toBe("a\tb\nc\\x1b]0;title\\x07\\x0d\\x9b2J");
  });

  test("of a log line is level, text and facts", () => {
    expect(formatLog("warn", "retrying", { attempt: 2, host: "reg:5000", why: undefined })).toBe(
      "warn: retrying (attempt=2, host=reg:5000)",
    );
    expect(formatLog("error", "one\ntwo")).toBe("error: one\n  two");
    expect(formatLog("info", "x", { e: "\x1b[2J" })).toBe("info: x (e=\\x1b[2J)");
  });
});
