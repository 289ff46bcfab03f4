/** Who we are at one endpoint: reacts to its challenges, and keeps tokens so that many requests need one exchange. */

import { AceError } from "../../errors.ts";
import { whyNotFollow } from "../http/redirects.ts";
import type { EndpointSettings } from "../settings.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { type AccessToken, basicHeader, mergeScopes, requestToken, type Sender } from "./tokens.ts";

type Scheme = { kind: "basic" } | { kind: "bearer"; realm: URL; service: string | undefined };

/** The token cache's one key when an endpoint wants a single token for everything (`noncompliant`). */
const singleKey = "*";

/** Authorization headers for one endpoint. Never handed to another origin. */
export class Authenticator {
  readonly #settings: EndpointSettings;
  readonly #base: URL;
  readonly #send: Sender;
  readonly #tokens = new Map<string, AccessToken>();
  readonly #pending = new Map<string, Promise<AccessToken>>();
  #scheme: Scheme | undefined;
  #refreshToken: string | undefined;

  constructor(settings: EndpointSettings, base: URL, send: Sender) {
    this.#settings = settings;
    this.#base = base;
    this.#send = send;
    this.#refreshToken = settings.credentials?.identityToken;
  }

  /** `user "bob"`, or `an anonymous client`. */
  get who(): string {
    const { username, registryToken, identityToken } = this.#settings.credentials ?? {};
    if (username !== undefined) return `user "${username}"`;
    return registryToken === undefined && identityToken === undefined
      ? "an anonymous client"
      : "the stored token";
  }

  /** The header to send at first: nothing until the endpoint has asked once, then what it asked for. */
  async headerFor(scopes: readonly string[]): Promise<string | undefined> {
    const { credentials } = this.#settings;
    if (credentials?.registryToken !== undefined) return `Bearer ${credentials.registryToken}`;
    if (this.#scheme === undefined) return undefined;
    if (this.#scheme.kind === "basic") return basicHeader(credentials);
    return `Bearer ${(await this.#token(this.#scheme, mergeScopes(scopes))).value}`;
  }

  /**
   * The header to try next after a 401, or undefined when there is nothing else to try.
   * @param sent the header that was refused
   * @param header the answer's WWW-Authenticate
   * @throws AceError `registry` for a realm that must not be visited, or what the token server says
   */
  async answer(
    header: string | undefined,
    scopes: readonly string[],
    sent: string | undefined,
  ): Promise<string | undefined> {
    const { credentials } = this.#settings;
    if (credentials?.registryToken !== undefined) return undefined;
    const challenge = parseChallenges(header ?? "").find(
      ({ scheme }) => scheme === "bearer" || scheme === "basic",
    );
    if (challenge === undefined) return undefined;
    if (challenge.scheme === "basic") {
      this.#become({ kind: "basic" });
      const next = basicHeader(credentials);
      return next === sent ? undefined : next;
    }
    const scheme = this.#bearerScheme(challenge);
    this.#become(scheme);
    // The request's own scopes first: some servers look at the first only.
    const wanted = mergeScopes([...scopes, challenge.parameters.scope ?? ""]);
    this.#drop(wanted, sent);
    const next = `Bearer ${(await this.#token(scheme, wanted)).value}`;
    // The next request for the same thing finds the token under its own scopes, too.
    const token = this.#tokens.get(this.#keyOf(wanted));
    if (token !== undefined) this.#tokens.set(this.#keyOf(mergeScopes(scopes)), token);
    return next === sent ? undefined : next;
  }

  /** Forgets the tokens for some scopes: the endpoint cut a connection where it should have said 401. */
  forget(scopes: readonly string[]): void {
    this.#tokens.delete(this.#keyOf(mergeScopes(scopes)));
  }

  #bearerScheme(challenge: Challenge): Scheme & { kind: "bearer" } {
    const { realm, service } = challenge.parameters;
    const url = realm === undefined || realm === "" ? null : URL.parse(realm, `${this.#base.href}/`);
    const obstacle = url === null ? "it is no URL" : whyNotFollow(this.#base, url, false);
    if (url === null || obstacle !== undefined) {
      throw new AceError(
        "registry",
        `Cannot log in to ${this.#base.host}: its token server ${JSON.stringify(realm ?? "")} is refused: ${obstacle}`,
      );
    }
    return { kind: "bearer", realm: url, service };
  }

  #become(scheme: Scheme): void {
    if (this.#scheme?.kind !== scheme.kind) this.#tokens.clear();
    this.#scheme = scheme;
  }

  /** Drops the cached token only when it is the refused one: another request may have renewed it meanwhile. */
  #drop(scopes: readonly string[], sent: string | undefined): void {
    const key = this.#keyOf(scopes);
    const token = this.#tokens.get(key);
    if (token !== undefined && `Bearer ${token.value}` === sent) this.#tokens.delete(key);
  }

  #keyOf(scopes: readonly string[]): string {
    return this.#settings.singleContext ? singleKey : scopes.join(" ");
  }

  /** A cached token, or one exchange that everybody who wants the same waits for. */
  #token(scheme: Scheme & { kind: "bearer" }, scopes: readonly string[]): Promise<AccessToken> {
    const key = this.#keyOf(scopes);
    const cached = this.#tokens.get(key);
    if (cached !== undefined && cached.goodUntilMs > performance.now()) return Promise.resolve(cached);
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    const exchange = this.#fetch(scheme, scopes)
      .then((token) => {
        this.#tokens.set(key, token);
        return token;
      })
      .finally(() => this.#pending.delete(key));
    this.#pending.set(key, exchange);
    return exchange;
  }

  async #fetch(scheme: Scheme & { kind: "bearer" }, scopes: readonly string[]): Promise<AccessToken> {
    const { credentials } = this.#settings;
    const current =
      this.#refreshToken === undefined ? credentials : { ...credentials, identityToken: this.#refreshToken };
    const { realm, service } = scheme;
    const token = await requestToken({ realm, service, scopes, credentials: current }, this.#send);
    if (token.refreshToken !== undefined) this.#refreshToken = token.refreshToken;
    return token;
  }
}
