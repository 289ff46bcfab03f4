/** One way to reach a registry: its connections, its login, its gate. Every request of the room goes through `perform`. */

import { AceError } from "../errors.ts";
import { Authenticator } from "./auth/authenticator.ts";
import { type AttemptContext, Attempts, isCut } from "./http/attempts.ts";
import type { Connections } from "./http/connections.ts";
import {
  type BodyReceiver,
  exchange,
  type Headers,
  type HttpRequest,
  headerOf,
  type Reply,
} from "./http/exchange.ts";
import { isConnectionLoss } from "./http/failures.ts";
import type { HostGates } from "./http/gates.ts";
import { errorLimitBytes, takeWarnings } from "./http/problems.ts";
import { followRedirects, isRedirect } from "./http/redirects.ts";
import { type Signals, throwIfStopped } from "./http/stop.ts";
import { Transport } from "./http/transport.ts";
import type { EndpointSettings } from "./settings.ts";

/** What all endpoints of a client share. */
export interface ClientContext {
  connections: Connections;
  gates: HostGates;
  userAgent: string;
  signal: AbortSignal;
  notice: (level: "warn" | "info" | "debug", text: string) => void;
  /** A registry's own warning (distribution-spec "Warnings"), which is told once however often it comes. */
  warning: (text: string) => void;
}

/** A request to a registry, before login, redirects and retries. */
export interface ApiRequest {
  method: HttpRequest["method"];
  /** Below the endpoint's URL, as in `/v2/name/tags/list`; or absolute, as an upload session's Location is. */
  target: string | URL;
  /** The work in messages, as in `manifest host/name:tag`. */
  subject: string;
  scopes: readonly string[];
  headers?: Readonly<Record<string, string>>;
  /** Called anew for each try. */
  body?: (() => Uint8Array | AsyncIterable<Uint8Array>) | undefined;
  /** Most bytes of the answer that are kept; the default is enough for an error body. */
  bodyLimitBytes?: number;
  headersTimeoutMs?: number;
  /** What comes is checked by its digest: then a redirect may leave https. */
  isChecked?: boolean;
  /** Redirects are answers, not ways to go. */
  stay?: boolean;
  /** Tells of an answer that came to a good end and yet is not whole; it is asked for again. */
  isCut?: ((reply: Reply) => boolean) | undefined;
  receive?: ((status: number, headers: Headers) => BodyReceiver | undefined) | undefined;
}

/** The cached token, one exchange for a fresh one, and one more for a challenge that names another scope. */
const loginLimit = 3;

/** One or two connections may be lost by chance, when a server lets go of what was idle for long. */
const fewLosses = 2;
/** How long a server that lost more gets a new connection for each request; it may be a restart that did it. Milliseconds. */
const distrustMs = 60_000;

/** Docker Hub's registry does not live where its references point (oras-go `Host()`). */
const dockerHub = { written: "docker.io", contacted: "registry-1.docker.io" };

/** Shared by every repository that is reached in this way. */
export class Endpoint implements AttemptContext {
  readonly settings: EndpointSettings;
  /** Scheme, host and path prefix, without a trailing slash. */
  readonly base: URL;
  readonly origin: string;
  readonly gates: HostGates;
  readonly auth: Authenticator;
  readonly notice: ClientContext["notice"];
  /** The client's: ends everything. */
  readonly signal: AbortSignal;
  /** How a repository's referrers are found here, once known. */
  readonly referrersKind = new Map<string, "api" | "tag">();
  /** The last writer of a fallback referrers tag, so that one process never loses its own entries. */
  readonly tagLocks = new Map<string, Promise<void>>();
  /** Where the last blob came from: this origin, or what it redirects to. */
  blobHost: string;
  readonly #context: ClientContext;
  readonly #transport: Transport;
  /** By origin: connections lost when they were used again, since the last one that was not. */
  readonly #losses = new Map<string, { count: number; atMs: number }>();

  constructor(settings: EndpointSettings, context: ClientContext) {
    this.settings = settings;
    this.base = baseOf(settings.url);
    this.origin = this.base.origin;
    this.gates = context.gates;
    this.notice = context.notice;
    this.signal = context.signal;
    this.#context = context;
    this.blobHost = this.origin;
    this.#transport = new Transport(settings.tls);
    this.auth = new Authenticator(settings, this.base, (request) => this.#sendToTokenServer(request));
  }

  /** Connections for blobs that could be had now without making anybody wait. */
  get spareConnections(): number {
    return this.#context.connections.spare(this.blobHost);
  }

  /** The absolute URL of a path below the endpoint, or of a Location. */
  urlOf(target: string | URL): URL {
    return target instanceof URL ? target : new URL(`${this.base.href.replace(/\/$/, "")}${target}`);
  }

  /**
   * One try: waits at the gate, logs in when asked to, follows redirects without handing credentials to another origin.
   * @throws AceError from the login or a refused redirect, or when a signal fires; network failures as undici has them
   */
  async perform(request: ApiRequest, signals: Signals): Promise<Reply> {
    let authorization = await this.auth.headerFor(request.scopes);
    for (let logins = 1; ; logins++) {
      const reply = await this.#follow(request, authorization, signals);
      if (reply.status !== 401 || reply.url.origin !== this.origin || logins >= loginLimit) return reply;
      const challenge = headerOf(reply.headers, "www-authenticate");
      const next = await this.auth.answer(challenge, request.scopes, authorization);
      if (next === undefined) return reply;
      authorization = next;
    }
  }

  /**
   * {@link perform} until it works, or until failing again is certain or likely. The last answer is returned, whatever its status.
   * @throws AceError `network` when the tries ended without a whole answer
   */
  send(request: ApiRequest, signals: Signals): Promise<Reply> {
    const attempts = new Attempts(this, request.subject, signals);
    return attempts.run(() => this.perform(request, signals), request.isCut);
  }

  #follow(request: ApiRequest, authorization: string | undefined, signals: Signals): Promise<Reply> {
    const ask = (method: HttpRequest["method"], url: URL): Promise<Reply> =>
      this.#once(
        {
          method,
          url,
          headers: this.#headers(request, url, authorization),
          body: method === "GET" || method === "HEAD" ? undefined : request.body?.(),
          bodyLimitBytes: request.bodyLimitBytes ?? errorLimitBytes,
          headersTimeoutMs: request.headersTimeoutMs,
          receive: (status, headers) => (isRedirect(status) ? undefined : request.receive?.(status, headers)),
        },
        signals,
      );
    const first = { method: request.method, url: this.urlOf(request.target) };
    if (request.stay === true) return ask(first.method, first.url);
    return followRedirects(first, request.subject, request.isChecked === true, ask);
  }

  async #once(request: HttpRequest, signals: Signals): Promise<Reply> {
    throwIfStopped(signals);
    const { origin } = request.url;
    await this.gates.wait(origin, this.signal, ...signals);
    const reply = await this.#exchange(request, signals);
    this.gates.markAnswered(origin);
    takeWarnings(reply, (text) => this.#context.warning(`${request.url.host} warns: ${text}`));
    return reply;
  }

  /**
   * A server may close a connection just as it is used again: then what carries no bytes is sent again at once, over another one. One
   * that does so again and again, as it closes each connection behind its answer without saying so, gets a new one for each request.
   */
  async #exchange(request: HttpRequest, signals: Signals): Promise<Reply> {
    const { connections } = this.#context;
    const { origin } = request.url;
    for (;;) {
      const isSound = this.#keepsConnections(origin);
      const connection = await connections.acquire(origin, this.#transport, signals);
      if (connection.wasUsed && !isSound) {
        connections.release(connection, false);
        continue;
      }
      const { wasUsed } = connection;
      let answered = false;
      const receive: HttpRequest["receive"] = (status, headers) => {
        answered = true;
        return request.receive?.(status, headers);
      };
      let reply: Reply | undefined;
      try {
        reply = await exchange(connection.dispatcher, { ...request, receive }, signals, connection);
        if (wasUsed) this.#losses.delete(origin);
        return reply;
      } catch (error) {
        if (answered || !wasUsed || !isConnectionLoss(error)) throw error;
        this.#losses.set(origin, {
          count: (this.#losses.get(origin)?.count ?? 0) + 1,
          atMs: performance.now(),
        });
        // A POST opens an upload session; one that nobody knows of expires.
        if (request.method === "PUT" || request.method === "PATCH") throw error;
      } finally {
        connections.release(connection, reply !== undefined && isSound);
      }
    }
  }

  /** False for a while after several used connections in a row were lost. */
  #keepsConnections(origin: string): boolean {
    const { count = 0, atMs = 0 } = this.#losses.get(origin) ?? {};
    return count < fewLosses || performance.now() - atMs > distrustMs;
  }

  #headers(request: ApiRequest, url: URL, authorization: string | undefined): Record<string, string> {
    return {
      "user-agent": this.#context.userAgent,
      // undici never decompresses; without this a proxy may compress, and the digest is gone.
      "accept-encoding": "identity",
      ...request.headers,
      ...(authorization === undefined || url.origin !== this.origin ? {} : { authorization }),
    };
  }

  /** The token server is waited for by many requests: only the client's own signal ends it. */
  #sendToTokenServer(request: HttpRequest): Promise<Reply> {
    const headers = {
      "user-agent": this.#context.userAgent,
      "accept-encoding": "identity",
      ...request.headers,
    };
    const context: AttemptContext = { gates: this.gates, origin: request.url.origin, notice: this.notice };
    const attempts = new Attempts(context, `token from ${request.url.host}`, [this.signal]);
    return attempts.run(
      () => this.#once({ ...request, headers }, [this.signal]),
      (reply) => isCut(reply),
    );
  }
}

function baseOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new AceError(
      "config",
      `Cannot use endpoint ${JSON.stringify(text)}: want http://host or https://host`,
    );
  }
  if (url.hostname === dockerHub.written) url.hostname = dockerHub.contacted;
  return url;
}
