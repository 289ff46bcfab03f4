import { expect, test } from "bun:test";
import { nextLink } from "../../src/registry/pages.ts";

const current = new URL("https://registry.test/v2/x/tags/list?n=1");

test.each([
  ['</v2/x/tags/list?last=l&n=1>; rel="next"', "https://registry.test/v2/x/tags/list?last=l&n=1"],
  ["<list?last=l>; rel=next", "https://registry.test/v2/x/tags/list?last=l"],
  ['</prev>; rel="prev", </next>; rel="next"', "https://registry.test/next"],
  ['</next>; title="a, b"; rel="next"', "https://registry.test/next"],
  ['<https://registry.test/n>; rel="next last"', "https://registry.test/n"],
])("nextLink(%j) is %s", (header, url) => {
  expect(nextLink(header, current)?.href).toBe(url);
});

test.each([
  [undefined, "there is no header"],
  ["/v2/_catalog>", "no opening bracket"],
  ["</v2/_catalog", "no closing bracket"],
  ["</path>", "no relation"],
  ['</path>; rel="next', "the quote stays open"],
  ['</path>; r*d="next"', "that is no rel"],
  ['</path>; rel="prev"', "another relation"],
  ['<https://elsewhere.test/x>; rel="next"', "it would need our credentials elsewhere"],
])("nextLink(%j) is nothing: %s", (header) => {
  expect(nextLink(header, current)).toBeUndefined();
});
