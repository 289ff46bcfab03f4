/** Percent escapes of URLs, which differ from one part of a URL to the next (Go's package net/url). */

import { GoError } from "./go-error.ts";
import { quote } from "./quote.ts";

/** The parts of a URL with escaping rules of their own. `segment` is one element of a path, `query` a key or a value. */
export type UrlPart = "path" | "segment" | "host" | "zone" | "userinfo" | "query" | "fragment";

const unreserved = /[A-Za-z0-9\-_.~]/;
const hostPlain = "!$&'()*+,;=:[]<>\"";
const reserved = "$&+,/:;=?@";

/** RFC 3986 section 2.2 characters that Go escapes all the same in each part. */
const escapedReserved: Record<UrlPart, string> = {
  path: "?",
  segment: "/;,?",
  userinfo: "@/?:",
  query: reserved,
  fragment: "",
  host: reserved,
  zone: reserved,
};

/** Escapes what may not stand in that part; a space becomes `+` in a query. */
export function escapeUrl(text: string, part: UrlPart): string {
  let escaped = "";
  for (const byte of text) {
    if (byte === " " && part === "query") escaped += "+";
    else escaped += mustEscape(byte, part) ? percent(byte) : byte;
  }
  return escaped;
}

/**
 * Undoes {@link escapeUrl}.
 *
 * @throws GoError for a broken escape, and in a host for characters that no host name has
 */
export function unescapeUrl(text: string, part: UrlPart): string {
  let plain = "";
  for (let at = 0; at < text.length; at++) {
    const byte = text.charAt(at);
    if (byte === "%") {
      plain += readEscape(text.slice(at, at + 3), part);
      at += 2;
    } else if (byte === "+" && part === "query") {
      plain += " ";
    } else {
      if (isHost(part) && byte < "\x80" && mustEscape(byte, part)) {
        throw new GoError(`invalid character ${quote(byte)} in host name`);
      }
      plain += byte;
    }
  }
  return plain;
}

/** Whether a text is a possible escaped form of a path or a fragment, perhaps another one than ours. */
export function isValidEscaped(text: string, part: UrlPart): boolean {
  for (const byte of text) {
    if (!"!$&'()*+,;=:@[]%".includes(byte) && mustEscape(byte, part)) return false;
  }
  return true;
}

function readEscape(triple: string, part: UrlPart): string {
  if (!/^%[0-9A-Fa-f]{2}$/.test(triple)) throw new GoError(`invalid URL escape ${quote(triple)}`);
  const byte = String.fromCharCode(Number.parseInt(triple.slice(1), 16));
  // RFC 6874: in a host only bytes above ASCII come escaped; in a zone also the percent sign and what a host may carry.
  const refused =
    (part === "host" && byte < "\x80" && triple !== "%25") ||
    (part === "zone" && triple !== "%25" && byte !== " " && mustEscape(byte, "host"));
  if (refused) throw new GoError(`invalid URL escape ${quote(triple)}`);
  return byte;
}

function mustEscape(byte: string, part: UrlPart): boolean {
  if (unreserved.test(byte)) return false;
  if (isHost(part) && hostPlain.includes(byte)) return false;
  if (reserved.includes(byte)) return escapedReserved[part].includes(byte);
  return !(part === "fragment" && "!()*".includes(byte));
}

function isHost(part: UrlPart): boolean {
  return part === "host" || part === "zone";
}

function percent(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
