/**
 * Tokens: the scopes they are asked for with, and the exchange with a token server (distribution docs "Token Authentication", "Token Scope
 * Documentation", "OAuth2").
 */
import * as v from "valibot";
import { AceError } from "../../errors.ts";
import type { HttpRequest, Reply } from "../http/exchange.ts";
import type { Access } from "../http/failures.ts";
import { describeReply } from "../http/problems.ts";
import { followRedirects } from "../http/redirects.ts";
import type { Credentials } from "../settings.ts";

/** The scope for reading from or writing to a repository. Writing asks for both: uploads begin with a HEAD. */
export function repositoryScope(repository: string, access: Access): string {
  return `repository:${repository}:${access === "pull" ? "pull" : "pull,push"}`;
}

/**
 * One scope a resource, in order of first mention (some servers read only the first, some only the last scope, so two for
 * one repository must never be sent), actions united and sorted, `*` swallowing the others.
 */
export function mergeScopes(scopes: readonly string[]): readonly string[] {
  const actionsOf = new Map<string, Set<string>>();
  for (const scope of scopes.flatMap((text) => text.split(/\s+/)).filter((text) => text !== "")) {
    // The name may hold a host and port: split at the last colon.
    const colon = scope.lastIndexOf(":");
    const resource = scope.slice(0, Math.max(colon, 0));
    if (!resource.includes(":")) {
      actionsOf.set(scope, actionsOf.get(scope) ?? new Set());
      continue;
    }
    const actions = actionsOf.get(resource) ?? new Set();
    for (const action of scope.slice(colon + 1).split(",")) if (action !== "") actions.add(action);
    actionsOf.set(resource, actions);
  }
  return [...actionsOf].map(([resource, actions]) => {
    if (actions.size === 0) return resource;
    return `${resource}:${actions.has("*") ? "*" : [...actions].sort().join(",")}`;
  });
}

/** A token for the Authorization header. */
export interface AccessToken {
  value: string;
  /** `performance.now()` after which it is not used any more: no clock that somebody can set. */
  goodUntilMs: number;
  /** Replaces the credential for later exchanges, in memory only. */
  refreshToken?: string | undefined;
}

/** What a Bearer challenge asks for. */
export interface TokenRequest {
  /** Absolute. */
  realm: URL;
  service: string | undefined;
  scopes: readonly string[];
  credentials: Credentials | undefined;
}

/** Sends one request to the token server, with retries; no credentials of its own. */
export type Sender = (request: HttpRequest) => Promise<Reply>;

const tokenLimitBytes = 128 * 1024;
const clientId = "ace-dt";

/** Docs "Token Response Fields": 60 s when nothing is said, and never less. */
const shortestLifeSeconds = 60;
/** A token is renewed this long before it ends, so that it does not end on the way. */
const renewEarlyMs = 5000;

const schema = v.object({
  token: v.optional(v.string()),
  access_token: v.optional(v.string()),
  expires_in: v.optional(v.number()),
  issued_at: v.optional(v.string()),
  refresh_token: v.optional(v.string()),
});

/**
 * Fetches a token.
 * @throws AceError `denied` when the token server refuses, `registry` when its answer makes no sense, `network`
 */
export async function requestToken(request: TokenRequest, send: Sender): Promise<AccessToken> {
  let reply: Reply | undefined;
  if (request.credentials?.identityToken !== undefined) {
    reply = await send(postRequest(request, request.credentials.identityToken));
    // Not every token server speaks OAuth2 (404, 405), and some answer 401 to the method itself.
    if ([401, 404, 405].includes(reply.status)) reply = undefined;
  }
  reply ??= await getToken(request, send);
  if (reply.status !== 200) throw refusal(request, reply);
  return readToken(request, reply);
}

function postRequest(request: TokenRequest, identityToken: string): HttpRequest {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    client_id: clientId,
    refresh_token: identityToken,
  });
  if (request.service !== undefined) form.set("service", request.service);
  if (request.scopes.length > 0) form.set("scope", request.scopes.join(" "));
  return {
    method: "POST",
    url: request.realm,
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    body: new TextEncoder().encode(form.toString()),
    bodyLimitBytes: tokenLimitBytes,
  };
}

/** GET with the realm's own query kept; a redirect to another host gets no credentials. */
function getToken(request: TokenRequest, send: Sender): Promise<Reply> {
  const url = new URL(request.realm);
  if (request.service !== undefined) url.searchParams.append("service", request.service);
  for (const scope of request.scopes) url.searchParams.append("scope", scope);
  return followRedirects({ method: "GET", url }, `a token from ${url.host}`, false, (method, where) => {
    const authorization = where.origin === url.origin ? basicHeader(request.credentials) : undefined;
    const headers = { accept: "application/json", ...(authorization === undefined ? {} : { authorization }) };
    return send({ method, url: where, headers, bodyLimitBytes: tokenLimitBytes });
  });
}

/** `Basic ...`, or undefined for anonymous. An identity token stands in for a password where POST is not spoken. */
export function basicHeader(credentials: Credentials | undefined): string | undefined {
  const secret = credentials?.password ?? credentials?.identityToken;
  if (credentials?.username === undefined || secret === undefined) return undefined;
  return `Basic ${Buffer.from(`${credentials.username}:${secret}`, "utf8").toString("base64")}`;
}

function refusal(request: TokenRequest, reply: Reply): AceError {
  const denied = reply.status === 401 || reply.status === 403;
  const user = request.credentials?.username;
  const who = basicHeader(request.credentials) === undefined ? "an anonymous client" : `user "${user}"`;
  return new AceError(
    denied ? "denied" : reply.status >= 500 || reply.status === 429 ? "network" : "registry",
    `Cannot get a token for ${who} from ${request.realm.host}: it answered ${describeReply(reply)}`,
    denied ? { hint: `Check the user name and password stored for ${request.realm.host}'s registry.` } : {},
  );
}

function readToken(request: TokenRequest, reply: Reply): AccessToken {
  const text = new TextDecoder().decode(reply.body);
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  const value = result.success ? (result.output.access_token ?? result.output.token) : undefined;
  if (!result.success || value === undefined || !/^[\x21-\x7e]+$/.test(value)) {
    throw new AceError("registry", `Cannot get a token from ${request.realm.host}: its answer holds none`);
  }
  const lifeMs = Math.max(result.output.expires_in ?? 0, shortestLifeSeconds) * 1000;
  const ageMs = Date.now() - Date.parse(result.output.issued_at ?? "");
  // A clock ahead of or far behind ours is no help: the life begins with the receipt then.
  const usedUpMs = ageMs >= 0 && ageMs < lifeMs ? ageMs : 0;
  const refreshToken = result.output.refresh_token;
  return {
    value,
    goodUntilMs: performance.now() + lifeMs - usedUpMs - renewEarlyMs,
    ...(refreshToken === undefined ? {} : { refreshToken }),
  };
}
