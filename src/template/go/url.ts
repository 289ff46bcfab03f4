/** URLs as Go's package net/url reads and writes them, which is not what the WHATWG class does; byte strings throughout. */

import { escapeUrl, isValidEscaped, unescapeUrl } from "./escape-url.ts";
import { GoError } from "./go-error.ts";
import { quote } from "./quote.ts";

/** User name and password before the host, unescaped. */
export interface Userinfo {
  username: string;
  password?: string;
}

/** The parts of a URL. `path` and `fragment` are unescaped; the raw forms are kept where they cannot be made again. */
export interface GoUrl {
  scheme: string;
  opaque: string;
  user?: Userinfo;
  /** Host with port. */
  host: string;
  path: string;
  rawPath: string;
  /** `scheme:/path`: no `//` is written for the empty host. */
  omitHost: boolean;
  /** A `?` with nothing behind it. */
  forceQuery: boolean;
  rawQuery: string;
  fragment: string;
  rawFragment: string;
}

/** A URL with nothing in it. */
export function emptyUrl(): GoUrl {
  return {
    scheme: "",
    opaque: "",
    host: "",
    path: "",
    rawPath: "",
    omitHost: false,
    forceQuery: false,
    rawQuery: "",
    fragment: "",
    rawFragment: "",
  };
}

/**
 * Reads an absolute or relative URL (Go's `url.Parse`).
 *
 * @throws GoError `parse "TEXT": REASON`
 */
export function parseUrl(text: string): GoUrl {
  const [beforeFragment, fragment] = cut(text, "#");
  const url = named(beforeFragment, () => readUrl(beforeFragment));
  if (fragment === "") return url;
  const plain = named(text, () => unescapeUrl(fragment, "fragment"));
  const rawFragment = escapeUrl(plain, "fragment") === fragment ? "" : fragment;
  return { ...url, fragment: plain, rawFragment };
}

/** The URL as text (Go's `URL.String`). */
export function formatUrl(url: GoUrl): string {
  let text = url.scheme === "" ? "" : `${url.scheme}:`;
  if (url.opaque === "") text += hierarchy(url, text === "");
  else text += url.opaque;
  if (url.forceQuery || url.rawQuery !== "") text += `?${url.rawQuery}`;
  if (url.fragment !== "") text += `#${escapedForm(url.fragment, url.rawFragment, "fragment")}`;
  return text;
}

/** User name and password as they stand in a URL, escaped. */
export function formatUserinfo(user: Userinfo): string {
  const name = escapeUrl(user.username, "userinfo");
  return user.password === undefined ? name : `${name}:${escapeUrl(user.password, "userinfo")}`;
}

/** The host without port, and without brackets if it is an IPv6 address (Go's `URL.Hostname`). */
export function hostnameOf(url: GoUrl): string {
  const colon = url.host.lastIndexOf(":");
  const host = colon >= 0 && isOptionalPort(url.host.slice(colon)) ? url.host.slice(0, colon) : url.host;
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

function named<T>(text: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    throw new GoError(`parse ${quote(text)}: ${error.message}`);
  }
}

function readUrl(text: string): GoUrl {
  if (/[\0-\x1f\x7f]/.test(text)) throw new GoError("net/url: invalid control character in URL");
  if (text === "*") return { ...emptyUrl(), path: "*" };
  const [scheme, afterScheme] = splitScheme(text);
  const forceQuery = afterScheme.indexOf("?") === afterScheme.length - 1 && afterScheme !== "";
  const [rest, rawQuery] = cut(afterScheme, "?");
  const url: GoUrl = { ...emptyUrl(), scheme, forceQuery, rawQuery };
  if (!rest.startsWith("/")) {
    if (scheme !== "") return { ...url, opaque: rest };
    // RFC 3986 section 3.3: otherwise the segment would read as a scheme.
    if (cut(rest, "/")[0].includes(":")) throw new GoError("first path segment in URL cannot contain colon");
  }
  return readHierarchy(url, rest);
}

function readHierarchy(url: GoUrl, rest: string): GoUrl {
  let path = rest;
  const read = url;
  if ((url.scheme !== "" || !rest.startsWith("///")) && rest.startsWith("//")) {
    const slash = rest.indexOf("/", 2);
    path = slash < 0 ? "" : rest.slice(slash);
    Object.assign(read, readAuthority(rest.slice(2, slash < 0 ? undefined : slash)));
  } else if (url.scheme !== "" && rest.startsWith("/")) {
    read.omitHost = true;
  }
  read.path = unescapeUrl(path, "path");
  read.rawPath = escapeUrl(read.path, "path") === path ? "" : path;
  return read;
}

function readAuthority(authority: string): Pick<GoUrl, "user" | "host"> {
  const at = authority.lastIndexOf("@");
  const host = readHost(authority.slice(at + 1));
  if (at < 0) return { host };
  const userinfo = authority.slice(0, at);
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(userinfo)) throw new GoError("net/url: invalid userinfo");
  const [name, password] = cut(userinfo, ":");
  const username = unescapeUrl(name, "userinfo");
  if (!userinfo.includes(":")) return { host, user: { username } };
  return { host, user: { username, password: unescapeUrl(password, "userinfo") } };
}

function readHost(host: string): string {
  if (!host.startsWith("[")) {
    const colon = host.lastIndexOf(":");
    if (colon >= 0) checkPort(host.slice(colon));
    return unescapeUrl(host, "host");
  }
  const bracket = host.lastIndexOf("]");
  if (bracket < 0) throw new GoError("missing ']' in host");
  checkPort(host.slice(bracket + 1));
  // RFC 6874: what follows %25 within the brackets names a zone.
  const zone = host.slice(0, bracket).indexOf("%25");
  if (zone < 0) return unescapeUrl(host, "host");
  return (
    unescapeUrl(host.slice(0, zone), "host") +
    unescapeUrl(host.slice(zone, bracket), "zone") +
    unescapeUrl(host.slice(bracket), "host")
  );
}

function checkPort(port: string): void {
  if (!isOptionalPort(port)) throw new GoError(`invalid port ${quote(port)} after host`);
}

function isOptionalPort(port: string): boolean {
  return /^(:[0-9]*)?$/.test(port);
}

function splitScheme(text: string): [scheme: string, rest: string] {
  if (text.startsWith(":")) throw new GoError("missing protocol scheme");
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text)?.[1];
  return scheme === undefined ? ["", text] : [scheme.toLowerCase(), text.slice(scheme.length + 1)];
}

function hierarchy(url: GoUrl, isStart: boolean): string {
  const { scheme, host, user } = url;
  let text = "";
  const hasAuthority = host !== "" || user !== undefined;
  const path = escapedForm(url.path, url.rawPath, "path");
  if (hasAuthority || (scheme !== "" && !url.omitHost && url.path !== "")) text += "//";
  if (user !== undefined) text += `${formatUserinfo(user)}@`;
  text += escapeUrl(host, "host");
  if (path !== "" && !path.startsWith("/") && host !== "") text += "/";
  // RFC 3986 section 4.2: a relative path must not look like one with a scheme.
  if (isStart && text === "" && cut(path, "/")[0].includes(":")) text += "./";
  return text + path;
}

function escapedForm(plain: string, raw: string, part: "path" | "fragment"): string {
  if (raw !== "" && isValidEscaped(raw, part) && unescapeUrl(raw, part) === plain) return raw;
  if (part === "path" && plain === "*") return "*";
  return escapeUrl(plain, part);
}

/** What stands before and after the first separator; the second is "" if there is none. */
function cut(text: string, separator: string): [before: string, after: string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
