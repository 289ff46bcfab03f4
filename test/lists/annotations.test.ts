import { expect, test } from "bun:test";
import { parseAnnotations } from "../../src/lists/annotations.ts";

test.each([
  [[], {}],
  [["key1=value1,key2=value2"], { key1: "value1", key2: "value2" }],
  [["a=1", "b=2"], { a: "1", b: "2" }],
  [["a=1", "a=2"], { a: "2" }],
  [["a="], { a: "" }],
  [["a=one, two"], { a: "one, two" }],
  [["a=b=c,d=e"], { a: "b=c", d: "e" }],
  [['"a=x,y",b=z'], { a: "x,y", b: "z" }],
  [["url=https://a.io/?q=1"], { url: "https://a.io/?q=1" }],
])("parseAnnotations(%j)", (texts, expected) => {
  expect(parseAnnotations(texts)).toEqual(expected);
});

test.each([
  ["", "no pair"],
  ["a", "no equals sign"],
  ["=v", "no key"],
  ["a=1,b,c=2", "a pair without an equals sign among good ones"],
  ['a=1,"b=2', "a quote that does not end"],
])("parseAnnotations() refuses %j: %s", (text) => {
  expect(() => parseAnnotations([text])).toThrow("Cannot use annotations");
});
