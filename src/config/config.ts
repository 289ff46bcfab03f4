/** The configuration in force, as plain data that survives structured clone. */

/** Variables of the process, handed in so that nothing below reads `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One `regexp -> replacement` of a registry's `rewritePull`. */
export interface RewriteRule {
  /** RE2 syntax, not anchored. */
  pattern: string;
  /** Go's `Regexp.Expand` syntax: `$1x` is the group named "1x", `${1}x` is group 1 and an x, `$$` is a dollar sign. */
  replacement: string;
}

/** What the file says about one registry, under the name that references use for it. */
export interface RegistryConfig {
  /** `host[:port]`. */
  host: string;
  /** URLs without a trailing slash, in the order in which they are tried; empty means the default. */
  endpoints: readonly string[];
  /** In file order. */
  rewritePull: readonly RewriteRule[];
  /** One token for the whole host instead of one a scope. */
  noncompliant: boolean;
}

/** What the file says about one endpoint. */
export interface EndpointConfig {
  /** The endpoint's URL without a trailing slash. */
  url: string;
  insecureSkipVerify: boolean;
  supportsReferrers: "auto" | "api" | "tag";
}

/** Everything the configuration file and the environment decide. */
export interface Config {
  /** The file it came from; undefined when there was none. */
  file: string | undefined;
  /** Directory of the local store; undefined when switched off, or when there is no home to put it in. */
  cachePath: string | undefined;
  /** True when the file or the environment names that directory: only then is it filled without need. */
  isCacheNamed: boolean;
  /** Bytes. */
  cachePruneMax: number;
  /** Bytes; blobs above this are uploaded in chunks. 0 means never. */
  chunkSize: number;
  /** Connections at once, 1 to 1000. */
  concurrentHTTP: number;
  /** The one file to read credentials from; undefined means Docker's and Podman's usual places. */
  registryAuthFile: string | undefined;
  registries: readonly RegistryConfig[];
  endpoints: readonly EndpointConfig[];
}

/** A variable's value; unset and empty are the same. */
export function variable(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === undefined || value === "" ? undefined : value;
}

/** `$NAME`, else a directory below `$HOME`, else undefined: a process without a home is normal in a container. */
export function baseDirectory(environment: Environment, name: string, belowHome: string): string | undefined {
  const home = variable(environment, "HOME");
  return variable(environment, name) ?? (home === undefined ? undefined : `${home}/${belowHome}`);
}
