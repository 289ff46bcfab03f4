/** Finds the configuration file, reads it, and lays the defaults under it and the environment over it. */
import { AceError } from "../errors.ts";
import { byteSizeOf } from "./bytes.ts";
import { baseDirectory, type Config, type Environment, variable } from "./config.ts";
import { type FileContent, readConfigFile } from "./read-file.ts";
import { concurrencyLimit, endpointsOf, registriesOf } from "./schema.ts";

/** The original's defaults, but for `concurrentHTTP` (5 there): see docs/configuration.md. */
const defaults = { cachePruneMax: 500 * 2 ** 20, chunkSize: 100 * 2 ** 20, concurrentHTTP: 25 };

/** Where to look. */
export interface ConfigSearch {
  /** Every `--config`, in order. */
  configFlags: readonly string[];
  environment: Environment;
}

/**
 * The configuration in force: the first file that exists, then defaults, then the environment. Files are never merged.
 * @throws AceError `config` when a file or a variable is wrong, or when no file that was asked for exists
 */
export async function loadConfig(search: ConfigSearch): Promise<Config> {
  const { files, askedBy } = candidates(search);
  for (const file of files) {
    const content = await readConfigFile(file);
    if (content !== undefined)
      return applyEnvironment(fromFile(content, file, search.environment), search.environment);
  }
  if (askedBy !== undefined) {
    throw new AceError("config", `Cannot read configuration ${files.join(", ")}: no such file`, {
      hint: `The name comes from ${askedBy}.`,
    });
  }
  return applyEnvironment(fromFile(undefined, undefined, search.environment), search.environment);
}

function candidates({ configFlags, environment }: ConfigSearch): {
  files: readonly string[];
  askedBy?: string;
} {
  if (configFlags.length > 0) return { files: configFlags, askedBy: "the command line" };
  const listed = variable(environment, "ACE_DT_CONFIG");
  if (listed !== undefined) {
    return { files: listed.split(":").filter((file) => file !== ""), askedBy: "ACE_DT_CONFIG" };
  }
  const userDirectory = baseDirectory(environment, "XDG_CONFIG_HOME", ".config");
  return {
    files: [
      "ace-dt-config.yaml",
      ...(userDirectory === undefined ? [] : [`${userDirectory}/ace/dt/config.yaml`]),
      "/etc/ace/dt/config.yaml",
    ],
  };
}

function fromFile(
  content: FileContent | undefined,
  file: string | undefined,
  environment: Environment,
): Config {
  const cacheHome = baseDirectory(environment, "XDG_CACHE_HOME", ".cache");
  return {
    file,
    cachePath: content?.cachePath || (cacheHome === undefined ? undefined : `${cacheHome}/ace/dt`),
    isCacheNamed: Boolean(content?.cachePath),
    cachePruneMax: content?.cachePruneMax ?? defaults.cachePruneMax,
    chunkSize: content?.chunkSize ?? defaults.chunkSize,
    concurrentHTTP: content?.concurrentHTTP ?? defaults.concurrentHTTP,
    registryAuthFile: content?.registryAuthFile || undefined,
    registries: content === undefined ? [] : registriesOf(content),
    endpoints: content === undefined ? [] : endpointsOf(content),
  };
}

function applyEnvironment(config: Config, environment: Environment): Config {
  // Only this variable can be set to nothing: it switches the store off.
  const cachePath = environment.ACE_DT_CACHE_PATH;
  return {
    ...config,
    cachePath: cachePath === undefined ? config.cachePath : cachePath || undefined,
    isCacheNamed: cachePath === undefined ? config.isCacheNamed : cachePath !== "",
    cachePruneMax: sizeFrom(environment, "ACE_DT_CACHE_PRUNE_MAX") ?? config.cachePruneMax,
    chunkSize: sizeFrom(environment, "ACE_DT_CHUNK_SIZE") ?? config.chunkSize,
    concurrentHTTP: concurrencyFrom(environment) ?? config.concurrentHTTP,
    registryAuthFile:
      variable(environment, "ACE_DT_REGISTRY_AUTH_FILE") ??
      config.registryAuthFile ??
      variable(environment, "REGISTRY_AUTH_FILE"),
  };
}

function sizeFrom(environment: Environment, name: string): number | undefined {
  const text = variable(environment, name);
  if (text === undefined) return undefined;
  const bytes = byteSizeOf(text);
  if (bytes !== undefined) return bytes;
  throw new AceError("config", `Cannot use ${name}=${JSON.stringify(text)}: want a size such as 500Mi`);
}

function concurrencyFrom(environment: Environment): number | undefined {
  const text = variable(environment, "ACE_DT_CONCURRENT_HTTP");
  if (text === undefined) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= concurrencyLimit) return number;
  throw new AceError(
    "config",
    `Cannot use ACE_DT_CONCURRENT_HTTP=${JSON.stringify(text)}: want a whole number from 1 to ${concurrencyLimit}`,
  );
}
