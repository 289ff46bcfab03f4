/** Who we talk to, as plain values: what the configuration decides about a registry, handed to the client on any thread. */

/** What logs us in. At most one of password, identity token and registry token is used, in reverse order of these. */
export interface Credentials {
  username?: string | undefined;
  password?: string | undefined;
  /** An OAuth2 refresh token (`identitytoken` in Docker's config.json). */
  identityToken?: string | undefined;
  /** A bearer token to send as it is (`registrytoken` in Docker's config.json). */
  registryToken?: string | undefined;
}

/** Certificates as PEM text, already read. */
export interface TlsSettings {
  /** Added to the system's roots, never instead of them. */
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  insecureSkipVerify: boolean;
}

/** One way to reach a registry. */
export interface EndpointSettings {
  /** `http://host[:port]` or `https://host[:port]`, optionally with a path prefix, without a trailing slash. */
  url: string;
  tls: TlsSettings;
  credentials?: Credentials | undefined;
  referrers: "auto" | "api" | "tag";
  /** One token for the whole host instead of one a scope (`noncompliant` in the configuration file). */
  singleContext: boolean;
}

/** Everything about a registry that a user names `registry` in references. Survives structured clone. */
export interface RegistrySettings {
  /** `host[:port]` as references spell it. */
  registry: string;
  /** In the order in which they are tried; at least one. */
  endpoints: readonly EndpointSettings[];
}

/** A repository, and how to reach it. Survives structured clone. */
export interface RepositoryAddress {
  settings: RegistrySettings;
  /** The repository's path at the endpoint, after any `rewritePull`. */
  repository: string;
}
