/** Pages of sorted lists by `n` and `last` (distribution-spec "Listing Tags"). */
import { refuse } from "./refuse.ts";

/** A part of a list, and the Link header when more follows. */
export interface Page {
  items: readonly string[];
  headers: Readonly<Record<string, string>>;
}

/**
 * Cuts the page that a request asks for.
 * @param all sorted in byte order
 * @returns the page, or the answer to an `n` that is no number
 */
export function pageOf(all: readonly string[], url: URL): Page | Response {
  const last = url.searchParams.get("last");
  const limit = url.searchParams.get("n");
  if (limit !== null && !/^\d{1,9}$/.test(limit)) {
    return refuse(400, "PAGINATION_NUMBER_INVALID", "n is not a number", { n: limit });
  }
  const start = last === null ? 0 : firstAfter(all, last);
  const end = limit === null ? all.length : Math.min(start + Number(limit), all.length);
  const items = all.slice(start, end);
  const final = items.at(-1);
  if (limit === null || final === undefined || end === all.length) return { items, headers: {} };
  const next = new URLSearchParams({ n: limit, last: final });
  return { items, headers: { Link: `<${url.pathname}?${next}>; rel="next"` } };
}

/** The index of the first item that is greater than `text`. */
function firstAfter(sorted: readonly string[], text: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? "") <= text) low = middle + 1;
    else high = middle;
  }
  return low;
}
