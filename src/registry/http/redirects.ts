/** Where a registry may send us, and going there: rules against being talked into reading a local service or handing out secrets. */
import { isIP } from "node:net";
import { AceError } from "../../errors.ts";
import { type HttpRequest, headerOf, type Reply } from "./exchange.ts";

const redirectLimit = 10;

/** True for an answer that says where to ask instead (RFC 9110 section 15.4). */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * Asks a URL, and where the answers say, until one says something else.
 * @param subject what is asked for, in messages
 * @param plainAllowed see {@link whyNotFollow}
 * @param ask one request; the method changes after a 303
 * @throws AceError `registry` for a redirect that must not be followed; what `ask` throws
 */
export async function followRedirects(
  first: Pick<HttpRequest, "method" | "url">,
  subject: string,
  plainAllowed: boolean,
  ask: (method: HttpRequest["method"], url: URL) => Promise<Reply>,
): Promise<Reply> {
  let { method, url } = first;
  for (let hops = 0; ; hops++) {
    const reply = await ask(method, url);
    const location = headerOf(reply.headers, "location");
    if (!isRedirect(reply.status) || location === undefined) return reply;
    const next = URL.parse(location, url.href);
    const obstacle = next === null ? "it is no URL" : whyNotFollow(url, next, plainAllowed);
    if (next === null || obstacle !== undefined || hops >= redirectLimit) {
      const where = next === null ? "" : ` to ${shownUrl(next)}`;
      throw new AceError(
        "registry",
        `Cannot get ${subject}: ${first.url.origin} redirects${where}: refused, ${obstacle ?? `more than ${redirectLimit} times`}`,
      );
    }
    if (reply.status === 303 && method !== "HEAD") method = "GET";
    url = next;
  }
}

/** True for names and IP literals that only mean something on this machine or this network. */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  const family = isIP(host);
  if (family === 4) return isPrivateIpv4(host);
  if (family !== 6) return false;
  // ::ffff:a.b.c.d, which URL writes as ::ffff:hhhh:hhhh.
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host);
  if (mapped !== null) {
    const [high, low] = [Number.parseInt(mapped[1] ?? "0", 16), Number.parseInt(mapped[2] ?? "0", 16)];
    return isPrivateIpv4([high >> 8, high & 255, low >> 8, low & 255].join("."));
  }
  // Loopback, unspecified, fe80::/10 link-local, fc00::/7 unique local.
  return host === "::1" || host === "::" || /^fe[89ab]/.test(host) || /^f[cd]/.test(host);
}

/** 0/8, 10/8, 127/8, 169.254/16, 172.16/12, 192.168/16 and 100.64/10 (RFC 6890). */
function isPrivateIpv4(address: string): boolean {
  const [a = 0, b = 0] = address.split(".").map(Number);
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 100 && b >= 64 && b < 128)
  );
}

/**
 * Why we must not go from one URL to another, or undefined when we may.
 * @param plainAllowed https to http is tolerated (blob bodies: their digest is checked)
 */
export function whyNotFollow(from: URL, to: URL, plainAllowed: boolean): string | undefined {
  if (to.protocol !== "https:" && to.protocol !== "http:") return `its scheme is ${to.protocol.slice(0, -1)}`;
  if (from.protocol === "https:" && to.protocol === "http:" && !plainAllowed)
    return "it leaves https for http";
  if (isPrivateHost(to.hostname) && to.hostname !== from.hostname && !isPrivateHost(from.hostname)) {
    return `${to.hostname} is an address of this network, and ${from.hostname} is not`;
  }
  return undefined;
}

/** A URL for messages: no user, no query (a presigned query is a credential). */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
