import { expect, test } from "bun:test";
import { pageOf } from "../../src/server/page.ts";

const all = ["1.0", "1.1", "Z", "a", "b"];
const page = (query: string) => pageOf(all, new URL(`http://x/v2/r/tags/list${query}`));

const rows: [string, string[], string | undefined][] = [
  ["", all, undefined],
  ["?n=2", ["1.0", "1.1"], '</v2/r/tags/list?n=2&last=1.1>; rel="next"'],
  ["?n=2&last=1.1", ["Z", "a"], '</v2/r/tags/list?n=2&last=a>; rel="next"'],
  ["?n=2&last=a", ["b"], undefined],
  ["?n=5", all, undefined],
  ["?last=1.05", ["1.1", "Z", "a", "b"], undefined],
  ["?last=b", [], undefined],
  ["?n=0", [], undefined],
];
for (const [query, items, link] of rows) {
  test(`pageOf() answers ${query || "no query"}`, () => {
    expect(page(query)).toEqual({ items, headers: link === undefined ? {} : { Link: link } });
  });
}
for (const query of ["?n=-1", "?n=x", "?n=1e9", "?n="]) {
  test(`pageOf() refuses ${query}`, () => expect(page(query)).toBeInstanceOf(Response));
}
