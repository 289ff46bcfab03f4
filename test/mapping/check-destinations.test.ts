import { expect, test } from "bun:test";
import { AceError } from "../../src/errors.ts";
import { checkDestinations } from "../../src/mapping/check-destinations.ts";

test("good destinations, and none at all, pass", () => {
  checkDestinations([
    { source: "a.io/b:1", destinations: ["x.io/b:1", "x.io/b"] },
    { source: "a.io/c:1", destinations: [] },
  ]);
});

test("all bad destinations are listed with their sources, not just the first", () => {
  try {
    checkDestinations([
      { source: "a.io/b:1", destinations: ["x.io/B:1", "x.io/b:1"] },
      { source: "a.io/c:1", destinations: ["nowhere"] },
    ]);
    expect.unreachable();
  } catch (error) {
    if (!(error instanceof AceError)) throw error;
    expect(error.code).toBe("input");
    expect(error.message).toContain("2 destinations");
    expect(error.details).toEqual([
      'a.io/b:1 -> x.io/B:1: repository "B" has upper-case letters',
      "a.io/c:1 -> nowhere: it has no registry or no repository",
    ]);
  }
});
