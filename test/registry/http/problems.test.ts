import { expect, test } from "bun:test";
import { takeWarnings } from "../../../src/registry/http/problems.ts";

function warningsOf(warning: string | string[]): string[] {
  const told: string[] = [];
  const url = new URL("http://registry.test");
  takeWarnings({ status: 200, headers: { warning }, body: new Uint8Array(), truncated: false, url }, (text) =>
    told.push(text),
  );
  return told;
}

test.each([
  ['299 - "trivial"', ["trivial"]],
  ['299 - "e\\scaped"', ["escaped"]],
  ['299 - "one", 299 - "two"', ["one", "two"]],
  ['299 - "a\u001b[31mb"', ["a [31mb"]],
])("takeWarnings(%j) tells %j", (header, told) => {
  expect(warningsOf(header)).toEqual(told);
});

test.each([
  '100 - "x"',
  '299 localhost "x"',
  '299 - "unterminated',
  '299 - "w" "date"',
  '299  -   "x"',
  '299 - ""',
])("takeWarnings(%j) tells nothing", (header) => {
  expect(warningsOf(header)).toEqual([]);
});
