/** The functions that take URLs apart and put them together, by the rules of Go's net/url. */
import { GoError, GoPanic, nilDereference } from "../go/go-error.ts";
import { emptyUrl, formatUrl, formatUserinfo, hostnameOf, parseUrl, type Userinfo } from "../go/url.ts";
import { define } from "../values/define.ts";
import { dict, str } from "../values/make.ts";
import type { MapValue } from "../values/model.ts";
import { kindOf } from "../values/value.ts";

export const urlFunctions = [
  define("urlParse", "func(string) map[string]any", takeApart),
  define("urlJoin", "func(map[string]any) string", putTogether),
];

function takeApart(text: string): MapValue {
  const url = orPanic("unable to parse url", () => parseUrl(text));
  return dict({
    scheme: str(url.scheme),
    host: str(url.host),
    hostname: str(hostnameOf(url)),
    path: str(url.path),
    query: str(url.rawQuery),
    opaque: str(url.opaque),
    fragment: str(url.fragment),
    userinfo: str(url.user === undefined ? "" : formatUserinfo(url.user)),
  });
}

function putTogether(parts: MapValue): string {
  const url = {
    ...emptyUrl(),
    scheme: textOf(parts, "scheme"),
    host: textOf(parts, "host"),
    path: textOf(parts, "path"),
    rawQuery: textOf(parts, "query"),
    opaque: textOf(parts, "opaque"),
    fragment: textOf(parts, "fragment"),
  };
  const user = readUser(textOf(parts, "userinfo"));
  return formatUrl(user === undefined ? url : { ...url, user });
}

function readUser(userinfo: string): Userinfo | undefined {
  if (userinfo === "") return undefined;
  return orPanic("unable to parse userinfo in dict", () => parseUrl(`proto://${userinfo}@host`)).user;
}

function textOf(parts: MapValue, key: string): string {
  const value = parts.entries.get(key);
  if (value === undefined) return "";
  if (value.kind === "nil") throw new GoPanic(nilDereference);
  if (value.kind === "string") return value.value;
  throw new GoPanic(`unable to parse ${key} key, must be of type string, but ${kindOf(value)} found`);
}

function orPanic<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    throw new GoPanic(`${what}: ${error.message}`);
  }
}
