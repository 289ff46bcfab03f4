/** URLs, against results of Go 1.24. */
import { expect, test } from "bun:test";
import { escapeUrl, unescapeUrl } from "../../../src/template/go/escape-url.ts";
import { emptyUrl, formatUrl, hostnameOf, parseUrl } from "../../../src/template/go/url.ts";

test("parseUrl() keeps what Go keeps, so that the URL can be written again", () => {
  for (const text of [
    "http://user:p%40ss@[::1]:80/a%2Fb?q=1#f%20g",
    "mailto:a@b.c",
    "file:/etc/hosts",
    "http://h/?",
    "//h/a",
    "*",
    "",
    "a/b:c",
    "http://[fe80::1%25en0]/",
  ]) {
    expect(formatUrl(parseUrl(text))).toBe(text);
  }
});

test("parseUrl() gives the parts unescaped", () => {
  const url = parseUrl("HTTP://us%20er@Host:5000/a%20b?x=%20#f%23");
  expect(url).toMatchObject({
    scheme: "http",
    host: "Host:5000",
    path: "/a b",
    rawQuery: "x=%20",
    fragment: "f#",
  });
  expect(url.user).toEqual({ username: "us er" });
  expect(hostnameOf(parseUrl("http://[::1]:80/"))).toBe("::1");
});

test("parseUrl() says why a text is no URL", () => {
  const bad: [text: string, message: string][] = [
    ["http://a b", 'parse "http://a b": invalid character " " in host name'],
    ["http://h:x/", 'parse "http://h:x/": invalid port ":x" after host'],
    ["http://[::1", `parse "http://[::1": missing ']' in host`],
    ["http://h/%zz", 'parse "http://h/%zz": invalid URL escape "%zz"'],
    ["http://h%41/", 'parse "http://h%41/": invalid URL escape "%41"'],
    [":a", 'parse ":a": missing protocol scheme'],
    ["1:a", 'parse "1:a": first path segment in URL cannot contain colon'],
    ["http://a<b@h/", 'parse "http://a<b@h/": net/url: invalid userinfo'],
    ["a\x7f", 'parse "a\\x7f": net/url: invalid control character in URL'],
    ["http://h/#%a", 'parse "http://h/#%a": invalid URL escape "%a"'],
  ];
  for (const [text, message] of bad) expect(() => parseUrl(text)).toThrow(new Error(message));
});

test("formatUrl() marks a relative path that would read as a scheme", () => {
  expect(formatUrl({ ...emptyUrl(), path: "a:b" })).toBe("./a:b");
  expect(formatUrl({ ...emptyUrl(), host: "h", path: "a" })).toBe("//h/a");
});

test("escapeUrl() and unescapeUrl() know what each part of a URL may carry", () => {
  expect(escapeUrl("a b/?&", "query")).toBe("a+b%2F%3F%26");
  expect(escapeUrl("a b/?&", "path")).toBe("a%20b/%3F&");
  expect(escapeUrl("a b/?&", "segment")).toBe("a%20b%2F%3F&");
  expect(unescapeUrl("a+b%2B", "query")).toBe("a b+");
  expect(unescapeUrl("a+b%2B", "path")).toBe("a+b+");
});
