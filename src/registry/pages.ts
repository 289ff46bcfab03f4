/** Answers that come in pages: follows `Link: <url>; rel="next"` (RFC 8288) within bounds. */

import { AceError } from "../errors.ts";
import type { ApiRequest } from "./endpoint.ts";
import { headerOf, type Reply } from "./http/exchange.ts";
import type { RepositoryAtEndpoint } from "./repository-at-endpoint.ts";

/** A registry that still has pages after this many is going in circles. */
const pageLimit = 10_000;

/** Calls back with each page, the first one included, until there is no next page or the callback returns false. */
export async function eachPage(
  at: RepositoryAtEndpoint,
  request: ApiRequest,
  take: (reply: Reply, page: number) => boolean,
): Promise<void> {
  const seen = new Set<string>();
  let target: string | URL = request.target;
  for (let page = 0; page < pageLimit; page++) {
    const reply = await at.send({ ...request, target });
    if (!take(reply, page)) return;
    const next = nextLink(headerOf(reply.headers, "link"), reply.url);
    if (next === undefined) return;
    if (seen.has(next.href)) break;
    seen.add(next.href);
    target = next;
  }
  throw new AceError("registry", `Cannot read ${request.subject}: the registry's pages never end`);
}

/**
 * The next page's URL, or undefined when there is none or it makes no sense. A page of another origin is no page: it would
 * need our credentials.
 */
export function nextLink(header: string | undefined, current: URL): URL | undefined {
  for (const match of (header ?? "").matchAll(
    /<([^<>]*)>((?:\s*;\s*[A-Za-z*]+\s*=\s*(?:"[^"]*"|[^\s;,"]+))*)/g,
  )) {
    const [, target = "", parameters = ""] = match;
    const relation = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters);
    const names = (relation?.[1] ?? relation?.[2] ?? "").toLowerCase().split(/\s+/);
    if (!names.includes("next")) continue;
    const next = URL.parse(target, current.href);
    return next !== null && next.origin === current.origin ? next : undefined;
  }
  return undefined;
}
