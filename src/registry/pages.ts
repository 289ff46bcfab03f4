/** Answers that come in pages: follows `Link: rel="next"` within bounds. */
import { AceError } from "../errors.ts";
import type { ApiRequest } from "./endpoint.ts";
import { headerOf, type Reply } from "./http/exchange.ts";
import { nextLink } from "./link-header.ts";
import type { Place } from "./place.ts";

/** A registry that still has pages after this many is going in circles. */
const pageLimit = 10_000;

/** Calls back with each page, the first one included, until there is no next page or the callback returns false. */
export async function eachPage(
  place: Place,
  request: ApiRequest,
  take: (reply: Reply, page: number) => boolean,
): Promise<void> {
  const seen = new Set<string>();
  let target: string | URL = request.target;
  for (let page = 0; page < pageLimit; page++) {
    const reply = await place.endpoint.send({ ...request, target }, place.signals);
    if (!take(reply, page)) return;
    const next = nextLink(headerOf(reply.headers, "link"), reply.url);
    if (next === undefined) return;
    if (seen.has(next.href)) break;
    seen.add(next.href);
    target = next;
  }
  throw new AceError("registry", `Cannot read ${request.subject}: the registry's pages never end`);
}
