import { expect, test } from "bun:test";
import { join } from "node:path";
import * as v from "valibot";
import { AceError } from "../../src/errors.ts";
import { parseSelectors } from "../../src/lists/selector.ts";

const labels = { app: "web", tier: "front", empty: "", size: "10", "example.com/team": "blue" };

test.each([
  ["", true],
  ["  ", true],
  ["app", true],
  ["none", false],
  ["!app", false],
  ["! none", true],
  ["app=web", true],
  ["app==web", true],
  ["app = web", true],
  ["app=db", false],
  ["none=web", false],
  ["app!=web", false],
  ["app!=db", true],
  ["none!=web", true],
  ["empty=", true],
  ["app=", false],
  ["none=", false],
  ["empty=,app=web", true],
  ["app in (db,web)", true],
  ["app in(db, web )", true],
  ["app in (db)", false],
  ["none in (a)", false],
  ["empty in ()", true],
  ["empty in (,a)", true],
  ["app notin (db)", true],
  ["app notin (web)", false],
  ["none notin (a)", true],
  ["app=web,tier=front", true],
  ["app=web,tier=back", false],
  ["app,!none,tier in (front,back)", true],
  ["example.com/team=blue", true],
  ["size>9", true],
  ["size > 10", false],
  ["size<11", true],
  ["app>1", false],
  ["none<1", false],
  ["in=x", false],
  ["constructor", false],
])("selector %j: %p", (text, expected) => {
  expect(parseSelectors([text])(labels)).toBe(expected);
});

test("several selectors are OR, a comma inside one is AND, none at all takes everything", () => {
  expect(parseSelectors(["app=db", "tier=front"])(labels)).toBe(true);
  expect(parseSelectors(["app=db", "tier=back"])(labels)).toBe(false);
  expect(parseSelectors(["app=db,tier=front"])(labels)).toBe(false);
  expect(parseSelectors([])({})).toBe(true);
});

test.each([
  ["app=web,,tier", 8, "want a label key"],
  ["app=web,", 8, "want a label key"],
  [",app", 0, "want a label key"],
  ["=web", 0, "want a label key"],
  ["!", 1, "want a label key"],
  ["!app=web", 4, "want a comma"],
  ["app in web", 7, "want an opening parenthesis"],
  ["app in (web", 11, "want a comma or a closing parenthesis"],
  ["app in (web))", 12, "want a comma"],
  ["app in (web db)", 12, "want a comma or a closing parenthesis"],
  ["app in (!web)", 8, "want a label value"],
  ["app in (a,,)", 11, "want a label value"],
  ["app within (web)", 4, "want =, =="],
  ["app web", 4, "want =, =="],
  ["app===web", 5, "want a label value"],
  ["app=)", 4, "want a label value"],
  ["-app", 0, "label key"],
  ["app-", 3, "label key"],
  ["Example.com/app", 0, "the prefix of label key"],
  ["example..com/app", 8, "the prefix of label key"],
  ["example.com/", 12, "label key"],
  ["a/b/c", 3, 'more than one "/"'],
  ["x,ap*p=1", 4, "letters, digits"],
  ["app=we b", 7, "want a comma"],
  ["app=a/b", 5, "label value"],
  ["app=-b", 4, "label value"],
  ["app in (web,d@b)", 13, "label value"],
  [`app=${"x".repeat(64)}`, 67, "at most 63"],
  ["size>big", 5, "want a whole number"],
  ["size>-5", 5, "want a whole number"],
  ["size>9223372036854775808", 5, "want a whole number"],
  ["size>", 5, "want a whole number"],
  ["(app)", 0, "want a label key"],
])("selector %j is refused with a caret at %d", (text, column, message) => {
  const error = refusal(text);
  expect(error.message).toContain(message);
  expect(error.details).toEqual([`  ${text}`, `  ${" ".repeat(column)}^`]);
});

test.each([
  ["app\n=\tw@b", "  app = w@b", "         ^"],
  ["日本=1", "  日本=1", "  ^"],
  ["app=日本", "  app=日本", "      ^"],
  ["app in (a,日本,b) x", "  app in (a,日本,b) x", "            ^"],
])("the caret stands below its character where %j is shown", (text, shown, caret) => {
  expect(refusal(text).details).toEqual([shown, caret]);
});

const kubernetes = v.parse(
  v.object({
    sets: v.array(v.record(v.string(), v.string())),
    selectors: v.array(v.tuple([v.string(), v.nullable(v.string())])),
  }),
  await Bun.file(join(import.meta.dir, "../data/kubernetes/selectors.json")).json(),
);

test.each(kubernetes.selectors)("selector %j as Kubernetes has it: %p", (text, matches) => {
  if (matches === null) {
    expect(refusal(text).details[1]).toMatch(/^ *\^$/);
    return;
  }
  const selector = parseSelectors([text]);
  expect(kubernetes.sets.map((set) => (selector(set) ? "1" : "0")).join("")).toBe(matches);
});

function refusal(text: string): AceError {
  try {
    parseSelectors([text]);
  } catch (error) {
    if (!(error instanceof AceError)) throw error;
    expect(error.code).toBe("usage");
    return error;
  }
  throw new Error(`${JSON.stringify(text)} was taken`);
}
