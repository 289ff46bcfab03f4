/** `Link: <url>; rel="next"` (RFC 8288), as registries page with it. */

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
