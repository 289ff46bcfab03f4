/** Which failures pass by themselves, and how long a host asks to be left alone. */
import { AceError, systemCodeOf } from "../../errors.ts";
import { headerOf, type Reply } from "./exchange.ts";
import { problemsOf } from "./problems.ts";

// Design X1: the usual ones, 499 and 522 are what proxies in front of a registry say.
const transientStatus = new Set([408, 425, 429, 499, 500, 502, 503, 504, 522]);

/** Codes in a 500 that say nothing about the request. Any other code is a verdict, and stays (design X4). */
const unspecific = new Set(["", "UNKNOWN", "UNAVAILABLE", "TOOMANYREQUESTS", "INTERNAL_ERROR", "INTERNAL"]);

const transientErrors = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_INFO",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "UND_ERR_SOCKET",
]);

/** Nobody is there: worth a wait only when somebody was there before. */
const absentErrors = new Set(["ECONNREFUSED", "EHOSTDOWN", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND"]);

/** True for an answer that a later try may not get. */
export function isTransientReply(reply: Reply): boolean {
  if (!transientStatus.has(reply.status)) return false;
  return reply.status !== 500 || problemsOf(reply).every(({ code }) => unspecific.has(code));
}

/**
 * True for a network failure that a later try may not meet.
 * @param hostAnsweredBefore makes a refused connection a restart instead of a wrong address
 */
export function isTransientError(error: unknown, hostAnsweredBefore: boolean): boolean {
  if (error instanceof AceError) return false;
  const code = codeOf(error);
  if (code === undefined) return false;
  return transientErrors.has(code) || (hostAnsweredBefore && absentErrors.has(code));
}

/** The system's name of a failure, out of the causes when the error itself has none. */
export function codeOf(error: unknown): string | undefined {
  const own = systemCodeOf(error);
  if (own !== undefined) return own;
  return error instanceof Error && error.cause !== undefined ? systemCodeOf(error.cause) : undefined;
}

/**
 * Milliseconds of a Retry-After, in either of its forms (RFC 9110 section 10.2.3); undefined without one. A date is taken by the
 * clock of the server, which its answer tells (section 6.6.1): ours may differ.
 */
export function retryAfterMs(reply: Reply): number | undefined {
  const value = headerOf(reply.headers, "retry-after")?.trim();
  if (value === undefined || value === "") return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  if (Number.isNaN(date)) return undefined;
  const serverMs = Date.parse(headerOf(reply.headers, "date") ?? "");
  return Math.max(0, date - (Number.isNaN(serverMs) ? Date.now() : serverMs));
}
