import { describe, expect, test } from "bun:test";
import { parseChallenges } from "../../../src/registry/auth/challenge.ts";
import rows from "../../data/vectors/wwwauth.json" with { type: "json" };

/** Where the vectors only say that their source fails: what is good enough to log in with is kept. */
const lenient: Readonly<Record<string, unknown>> = {
  'Basic realm="Dev" charset="UTF-8"': [["basic", { realm: "Dev", charset: "UTF-8" }]],
  'Basic realm="GitHub Package Registry': [["basic", {}]],
};

describe("parseChallenges() reads", () => {
  test.each(rows as [string, string, unknown][])("%s: %s", (_, header, wanted) => {
    const challenges = parseChallenges(header).map(({ scheme, parameters }) => [scheme, parameters]);
    expect(challenges as unknown).toEqual(wanted === "error" ? lenient[header] : wanted);
  });
});

test("parseChallenges() ends on any input, and in time", () => {
  const started = performance.now();
  for (const text of [
    '"',
    '"""',
    '="',
    "=,=,=",
    'a="\\',
    ",,,",
    '""',
    "a".repeat(50_000),
    '"\\"'.repeat(20_000),
  ]) {
    expect(parseChallenges(text)).toBeArray();
  }
  expect(performance.now() - started).toBeLessThan(1000);
});
