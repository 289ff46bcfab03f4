/** Regular expressions, against results of Go 1.24. */
import { expect, test } from "bun:test";
import { compileRegexp, quoteMeta } from "../../../src/template/go/regexp.ts";
import { encodeText } from "../../../src/template/go/utf8.ts";

test("an empty match right after a match is passed over", () => {
  expect(compileRegexp("a*").replaceAll("baac", "-")).toBe("-b-c-");
  expect(
    compileRegexp("a*")
      .findAll("baac", -1)
      .map(([start, end]) => [start, end]),
  ).toEqual([
    [0, 0],
    [1, 3],
    [4, 4],
  ]);
  expect(compileRegexp("").replaceAll(encodeText("é"), "-")).toBe(encodeText("-é-"));
});

test("a replacement expands groups by number and name", () => {
  const regexp = compileRegexp("(?P<first>a)(?P<other>b)?");
  const rows: [template: string, result: string][] = [
    ["$1", "ac"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Go's form of a group
    ["${1}x", "axc"],
    ["$1x", "c"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Go's form of a group
    ["${first}$other", "ac"],
    ["$$1", "$1c"],
    ["$", "$c"],
    ["${1", "${1c"],
    ["$9", "c"],
    ["$01", "c"],
  ];
  for (const [template, result] of rows)
    expect([template, regexp.replaceAll("ac", template)]).toEqual([template, result]);
  expect(regexp.replaceAllLiteral("ac", "$1")).toBe("$1c");
});

test("several groups may have one name, of which the first that took part counts", () => {
  expect(compileRegexp("(?P<n>a)(?P<n>b)").replaceAll("ab", "<$n>")).toBe("<a>");
  expect(compileRegexp("(?P<n>x)?(?P<n>b)").replaceAll("ab", "<$n>")).toBe("a<b>");
  expect(compileRegexp("\\(\\?P<n>[(?P<n>](?P<n>a)(?P<n>b)").matches("(?P<n>(ab")).toBe(true);
});

test("split() gives no more pieces than asked for", () => {
  const regexp = compileRegexp("a");
  expect(regexp.split("banana", -1)).toEqual(["b", "n", "n", ""]);
  expect(regexp.split("banana", 2)).toEqual(["b", "nana"]);
  expect(regexp.split("banana", 0)).toEqual([]);
  expect(regexp.split("", -1)).toEqual([""]);
  expect(compileRegexp("").split("", -1)).toEqual([]);
});

test("bytes that are no UTF-8 are matched one by one", () => {
  expect(compileRegexp(".").findAll("\xffa\xe6\x97", -1).length).toBe(4);
  expect(compileRegexp("a").find("\xffa")).toBe("a");
});

test("a bad pattern is refused in Go's words", () => {
  const bad: [pattern: string, message: string][] = [
    ["(", "error parsing regexp: missing closing ): `(`"],
    ["a\\", "error parsing regexp: trailing backslash at end of expression: ``"],
    ["(?P<n>a)(?P<n>b", "error parsing regexp: missing closing ): `(?P<n>a)(?P<n>b`"],
    ["a\xff", "error parsing regexp: invalid UTF-8: `\xff`"],
    ["(?=a)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"],
    ["x{1001}", "error parsing regexp: invalid repeat count: `{1001}`"],
  ];
  for (const [pattern, message] of bad) expect(() => compileRegexp(pattern)).toThrow(new Error(message));
});

test("a search can be refused before it begins", () => {
  const refuse = new Error("enough");
  const meter = {
    work: () => {
      throw refuse;
    },
    size: () => {},
  };
  expect(() => compileRegexp("a").matches("a", meter)).toThrow(refuse);
});

test("quoteMeta() makes a pattern that matches the text itself", () => {
  const text = "a.b*c[d]{e}(f)|^$\\+?-/";
  expect(quoteMeta(text)).toBe("a\\.b\\*c\\[d\\]\\{e\\}\\(f\\)\\|\\^\\$\\\\\\+\\?-/");
  expect(compileRegexp(quoteMeta(text)).find(`x${text}x`)).toBe(text);
});
