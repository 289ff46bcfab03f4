/** The functions that take URLs apart and put them together. */
import { expect, test } from "bun:test";
import { parseTemplate } from "../../../src/template/template.ts";
import { nil } from "../../../src/template/values/make.ts";

function run(source: string): string {
  return parseTemplate("t", source).execute(nil);
}

test("urlJoin makes again what urlParse took apart", () => {
  for (const url of ["https://u:p@h:80/a/b?q=1#f", "mailto:a@b", "//h/a", "./a:b"]) {
    expect(run(`{{urlJoin (urlParse "${url}")}}`)).toBe(url);
  }
  expect(run('{{urlJoin (dict "scheme" "https" "host" "h" "path" "/a b")}}')).toBe("https://h/a%20b");
});

test("a part that is no text is an error that names it", () => {
  expect(() => run('{{urlJoin (dict "path" (list))}}')).toThrow(
    "unable to parse path key, must be of type string, but slice found",
  );
  expect(() => run('{{urlJoin (dict "host" nil)}}')).toThrow("nil pointer dereference");
  expect(() => run('{{urlJoin (dict "userinfo" "a b")}}')).toThrow(
    'unable to parse userinfo in dict: parse "proto://a b@host"',
  );
  expect(() => run('{{urlParse ":"}}')).toThrow('unable to parse url: parse ":": missing protocol scheme');
});
