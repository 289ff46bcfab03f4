import { expect, test } from "bun:test";
import { compileRewrite } from "../../src/config/rewrite.ts";

// The rows were made with Go's regexp.ReplaceAllString.
test.each([
  ["^rancher/(.*)", "ace/dt/rancher-images/$1", "rancher/k3s", "ace/dt/rancher-images/k3s"],
  ["^(.*)$", "$1x", "a", ""],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the replacement is Go's syntax, not a template
  ["^(.*)$", "${1}x", "a", "ax"],
  ["^(?P<name>.*)$", "m/$name", "a", "m/a"],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the replacement is Go's syntax, not a template
  ["^(?P<name>.*)$", "m/${name}_2", "a", "m/a_2"],
  ["^(?P<name>.*)$", "m/$name_2", "a", "m/"],
  ["a", "$$1", "a", "$1"],
  ["a", "x$", "a", "x$"],
  ["a", "$9", "ab", "b"],
  ["a", "${", "a", "${"],
  ["a", "$é", "a", ""],
  ["a", "b", "aXa", "bXb"],
  ["x*", "-", "abc", "-a-b-c-"],
  ["b*", "-", "abc", "-a-c-"],
  ["library/", "", "library/alpine", "alpine"],
  ["(a)|(b)", "[$1$2]", "ab", "[a][b]"],
])("%s -> %s turns %s into %s", (pattern, replacement, text, expected) => {
  expect(compileRewrite([{ pattern, replacement }])(text)).toBe(expected);
});

test("the first rule that matches is the only one applied, and without a match the text stays", () => {
  const rewrite = compileRewrite([
    { pattern: "^b/", replacement: "first/" },
    { pattern: "^[ab]/", replacement: "second/" },
    { pattern: "^second/", replacement: "third/" },
  ]);
  expect(["b/x", "a/x", "c/x"].map(rewrite)).toEqual(["first/x", "second/x", "c/x"]);
});
