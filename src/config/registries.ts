/** Turns the configuration into what the registry client needs to know about each registry. */

import { AceError } from "../errors.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import type { EndpointSettings, RegistrySettings, RepositoryAddress } from "../registry/settings.ts";
import type { AuthFile } from "./auth-file.ts";
import { certificateRoots, readCertificates } from "./certificates.ts";
import type { Config, Environment, RegistryConfig } from "./config.ts";
import { findCredentials, openAuthFiles } from "./credentials.ts";
import { compileRewrite } from "./rewrite.ts";

/** References say docker.io; the registry behind it has another name (oras-go `Reference.Host`). */
const hubName = "docker.io";
const hubHost = "registry-1.docker.io";

/** Every registry of a run. Files and credential helpers are asked once for each, when it is first needed. */
export class Registries {
  readonly #config: Config;
  readonly #environment: Environment;
  readonly #settings = new Map<string, Promise<RegistrySettings>>();
  #authFiles: Promise<readonly AuthFile[]> | undefined;

  constructor(config: Config, environment: Environment) {
    this.#config = config;
    this.#environment = environment;
  }

  /**
   * How to reach a registry. Two calls for one registry share one answer.
   * @param registry `host[:port]` as references spell it
   * @throws AceError `config` when certificates or credentials cannot be read
   */
  settings(registry: string): Promise<RegistrySettings> {
    const known = this.#settings.get(registry);
    if (known !== undefined) return known;
    const fresh = this.#open(registry);
    this.#settings.set(registry, fresh);
    return fresh;
  }

  /**
   * Where a reference is read from, `rewritePull` applied.
   * @throws AceError `config` also when a rewrite makes something that is no repository
   */
  async pull(reference: Pick<Reference, "registry" | "repository">): Promise<RepositoryAddress> {
    const settings = await this.settings(reference.registry);
    const rules = this.#entry(reference.registry)?.rewritePull ?? [];
    const repository = compileRewrite(rules)(reference.repository);
    try {
      parseReference(`${reference.registry}/${repository}`);
    } catch (cause) {
      throw new AceError(
        "config",
        `Cannot pull ${reference.registry}/${reference.repository}: rewritePull makes ${JSON.stringify(repository)} of it, which is no repository`,
        { cause, hint: `Look at registryConfig.registries.${reference.registry}.rewritePull.` },
      );
    }
    return { settings, repository };
  }

  /** Where a reference is written to: never rewritten. */
  async push(reference: Pick<Reference, "registry" | "repository">): Promise<RepositoryAddress> {
    return { settings: await this.settings(reference.registry), repository: reference.repository };
  }

  #entry(registry: string): RegistryConfig | undefined {
    return this.#config.registries.find((entry) => entry.host === registry);
  }

  async #open(registry: string): Promise<RegistrySettings> {
    const entry = this.#entry(registry);
    const urls =
      entry === undefined || entry.endpoints.length === 0 ? [`https://${registry}`] : entry.endpoints;
    const endpoints = await Promise.all(urls.map((url) => this.#endpoint(url, entry?.noncompliant ?? false)));
    return { registry, endpoints };
  }

  async #endpoint(configuredUrl: string, singleContext: boolean): Promise<EndpointSettings> {
    if (!URL.canParse(configuredUrl)) {
      throw new AceError("input", `Cannot contact ${configuredUrl}: that is no address of a registry`);
    }
    const url = contactedUrl(configuredUrl);
    const host = new URL(url).host;
    const options = this.#config.endpoints.find(
      (endpoint) => sameUrl(endpoint.url, configuredUrl) || sameUrl(endpoint.url, url),
    );
    const certificates = await readCertificates(host, certificateRoots(this.#environment));
    this.#authFiles ??= openAuthFiles(this.#config, this.#environment);
    const credentials = await findCredentials(host, await this.#authFiles, this.#environment);
    return {
      url,
      tls: { ...certificates, insecureSkipVerify: options?.insecureSkipVerify ?? false },
      ...(credentials === undefined ? {} : { credentials }),
      referrers: options?.supportsReferrers ?? "auto",
      singleContext,
    };
  }
}

/** The endpoint as it is contacted: without a trailing slash, and with docker.io's real host. */
function contactedUrl(configured: string): string {
  const url = new URL(configured);
  if (url.host === hubName) url.host = hubHost;
  return url.href.replace(/\/+$/, "");
}

/** Equal but for case of the host, a default port and trailing slashes. */
function sameUrl(left: string, right: string): boolean {
  return new URL(left).href.replace(/\/+$/, "") === new URL(right).href.replace(/\/+$/, "");
}
