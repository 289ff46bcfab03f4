/** How connections are made: the real undici's clients with an endpoint's certificates, the environment's proxies and our time limits. */
import { getCACertificates } from "node:tls";
import { Agent, buildConnector, Client, type Dispatcher, EnvHttpProxyAgent } from "undici/index.js";
import { AceError } from "../../errors.ts";
import type { TlsSettings } from "../settings.ts";

/** Time limits in milliseconds. There is none on a whole blob: those may take hours. */
export const timeoutsMs = {
  /** TCP and TLS together: 30 s and 10 s, as in Go's `http.DefaultTransport`. */
  connect: 40_000,
  /** Until the first byte of an answer. */
  headers: 60_000,
  /** Until the answer to an upload's last byte: object stores copy the whole blob before they answer. */
  commit: 600_000,
  /** Between two pieces of a body; does not run while we are the ones who paused. */
  body: 60_000,
} as const;

/** An idle connection is closed after this; most registries and load balancers keep theirs for longer. */
const keepAliveMs = 15_000;

/** Bytes that a socket reads ahead of its consumer. Measured: larger does not lower CPU seconds per GB. */
const readAheadBytes = 64 * 1024;

/** Never through a proxy, as in Go's `http.ProxyFromEnvironment`. */
const loopbackHosts = "localhost,127.0.0.1,[::1]";

/**
 * Fails when `undici` is Bun's imitation, which drops certificates, proxies and `insecureSkipVerify` without a word.
 * The imitation's Agent has no `dispatch`.
 * @throws AceError `internal`
 */
export function assertRealUndici(agent: object = Agent.prototype): void {
  if ("dispatch" in agent && typeof agent.dispatch === "function") return;
  throw new AceError("internal", "Cannot use HTTP: the bundled undici is an imitation without dispatch()");
}

/** How connections are made with an endpoint's certificates, straight or through the environment's proxies. */
export class Transport {
  readonly #tls: ReturnType<typeof connectOptions>;
  /** Shared by all connections, as it remembers TLS sessions. */
  readonly #connector: buildConnector.connector;

  constructor(settings: TlsSettings) {
    this.#tls = connectOptions(settings);
    this.#connector = buildConnector(this.#tls);
  }

  /**
   * Something that has at most one connection, to one host, which is opened with the first request and closed when it is idle for
   * long. The owner ends it with `destroy()`, which resolves when the connection is closed.
   */
  connect(origin: string): Dispatcher {
    const options = {
      keepAliveTimeout: keepAliveMs,
      headersTimeout: timeoutsMs.headers,
      bodyTimeout: timeoutsMs.body,
    };
    if (!hasProxy(process.env)) return new Client(origin, { ...options, connect: this.#connector });
    const noProxy = process.env.no_proxy ?? process.env.NO_PROXY ?? "";
    return new EnvHttpProxyAgent({
      ...options,
      connections: 1,
      connect: this.#tls,
      requestTls: this.#tls,
      noProxy: noProxy.trim() === "*" ? "*" : `${noProxy},${loopbackHosts}`,
    });
  }
}

function hasProxy(environment: Readonly<Record<string, string | undefined>>): boolean {
  return ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"].some((name) => environment[name]);
}

function connectOptions(tls: TlsSettings) {
  return {
    highWaterMark: readAheadBytes,
    timeout: timeoutsMs.connect,
    // `ca` replaces the built-in roots in Node and Bun, so they are named again.
    ...(tls.ca === undefined ? {} : { ca: [...systemRoots(), tls.ca] }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.insecureSkipVerify ? { rejectUnauthorized: false } : {}),
  };
}

let roots: readonly string[] | undefined;

function systemRoots(): readonly string[] {
  roots ??= [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
  return roots;
}
