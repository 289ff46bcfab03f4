import { expect, test } from "bun:test";
import { readDestination } from "../../src/mapping/read-destination.ts";

test("a good destination is read, with a tag and without", () => {
  expect(readDestination("x.io/b:1")).toEqual({
    target: { registry: "x.io", repository: "b", tag: "1" },
  });
  expect(readDestination("x.io/b")).toEqual({ target: { registry: "x.io", repository: "b" } });
});

test("of a bad one it is told what is wrong, in one line", () => {
  const rows: [string, string][] = [
    ["x.io/B:1", 'repository "B" has upper-case letters'],
    ["nowhere", "it has no registry or no repository"],
    ["x.io/b:", '"" is no tag'],
    ["x.io/b@sha256:12", '"sha256:12" is no digest'],
    ["", "it has no registry or no repository"],
    ["x.io/b c:1", '"b c" is no repository name'],
  ];
  for (const [destination, problem] of rows) expect(readDestination(destination)).toEqual({ problem });
});
