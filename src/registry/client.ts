/** The registry client of one thread: connections, logins and gates, shared by all repositories with equal settings. */

import type { ManifestCache } from "../content/storage.ts";
import { AceError } from "../errors.ts";
import { type ClientContext, Endpoint } from "./endpoint.ts";
import type { ConnectionTableHandle } from "./http/connection-table.ts";
import { Connections } from "./http/connections.ts";
import { HostGates, type HostGatesHandle } from "./http/gates.ts";
import { onStop, stopError } from "./http/stop.ts";
import { assertRealUndici } from "./http/transport.ts";
import { Repository } from "./repository.ts";
import type { EndpointSettings, RepositoryAddress } from "./settings.ts";

/** What a client is made of. */
export interface ClientOptions {
  /** Shared by all threads of a run, as are the gates. */
  connections: ConnectionTableHandle;
  gates: HostGatesHandle;
  userAgent: string;
  /** Ends everything: pending calls fail at once with `stopped`, or with the signal's reason when that is an AceError. */
  signal: AbortSignal;
  onNotice?: (notice: ClientNotice) => void;
  /** Asked before a manifest is fetched by its digest. */
  manifests?: ManifestCache;
}

/** Retries, waits, fallbacks and registries' own warnings; no secrets. */
export interface ClientNotice {
  level: "warn" | "info" | "debug";
  text: string;
}

/** Call {@link close} when done. */
export class RegistryClient {
  readonly #connections: Connections;
  readonly #context: ClientContext;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #ended = new AbortController();
  readonly #off: () => void;
  readonly #manifests: ManifestCache | undefined;

  /** @throws AceError `internal` when undici is not the real one */
  constructor(options: ClientOptions) {
    assertRealUndici();
    this.#manifests = options.manifests;
    this.#off = onStop([options.signal], (error) => this.#ended.abort(error));
    if (options.signal.aborted) this.#ended.abort(stopError(options.signal));
    const notice: ClientContext["notice"] = (level, text) => options.onNotice?.({ level, text });
    this.#connections = new Connections(options.connections);
    this.#context = {
      connections: this.#connections,
      gates: new HostGates(options.gates),
      userAgent: options.userAgent,
      signal: this.#ended.signal,
      notice,
      warning: once((text) => notice("warn", text)),
    };
  }

  /**
   * A repository; calls with equal endpoint settings share connections and logins.
   * @param signal ends what is asked of it, and what waits to be asked, as the client's own does
   */
  repository(address: RepositoryAddress, signal?: AbortSignal): Repository {
    const endpoints = address.settings.endpoints.map((settings) => this.#endpoint(settings));
    return new Repository(address, endpoints, this.#manifests, signal);
  }

  /** Fails what is pending, and closes every connection. */
  async close(): Promise<void> {
    this.#off();
    this.#ended.abort(
      new AceError("stopped", "Cannot go on with the transfer: the registry client was closed"),
    );
    await this.#connections.close();
    this.#endpoints.clear();
  }

  #endpoint(settings: EndpointSettings): Endpoint {
    const { url, tls, credentials, referrers, singleContext } = settings;
    const key = JSON.stringify([
      [url, referrers, singleContext],
      [tls.ca, tls.cert, tls.key, tls.insecureSkipVerify],
      [credentials?.username, credentials?.password, credentials?.identityToken, credentials?.registryToken],
    ]);
    const known = this.#endpoints.get(key);
    if (known !== undefined) return known;
    const endpoint = new Endpoint(settings, this.#context);
    this.#endpoints.set(key, endpoint);
    return endpoint;
  }
}

/** Passes each text on once. */
function once(tell: (text: string) => void): (text: string) => void {
  const told = new Set<string>();
  return (text) => {
    if (told.has(text)) return;
    told.add(text);
    tell(text);
  };
}
