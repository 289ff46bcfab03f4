/** Finds the credentials for a host in the places where Docker and Podman put them. */
import type { Credentials } from "../registry/settings.ts";
import { type AuthFile, credentialsOf, parseAuthFile, readAuthFile } from "./auth-file.ts";
import { baseDirectory, type Config, type Environment, variable } from "./config.ts";
import { askHelper } from "./credential-helper.ts";

/** Docker Hub's key is a URL for historical reasons (docker/cli `registry.IndexServer`). */
const hubKey = "https://index.docker.io/v1/";
const hubHosts = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/**
 * Every auth file that exists, in order. A file that was named (`registryAuthFile` and its variables) is the only one;
 * else DOCKER_AUTH_CONFIG (JSON itself), Docker's config.json, then Podman's auth.json.
 * @throws AceError `config` when one of them cannot be read
 */
export async function openAuthFiles(config: Config, environment: Environment): Promise<readonly AuthFile[]> {
  const inline = variable(environment, "DOCKER_AUTH_CONFIG");
  const first =
    config.registryAuthFile === undefined && inline !== undefined
      ? [parseAuthFile(inline, "DOCKER_AUTH_CONFIG")]
      : [];
  const read = await Promise.all(authFileNames(config, environment).map(readAuthFile));
  return [...first, ...read.filter((file) => file !== undefined)];
}

/** The files to look at, whether they exist or not. */
export function authFileNames(config: Config, environment: Environment): readonly string[] {
  if (config.registryAuthFile !== undefined) return [config.registryAuthFile];
  // DOCKER_CONFIG names a directory, not a file.
  const docker = baseDirectory(environment, "DOCKER_CONFIG", ".docker");
  const runtime = variable(environment, "XDG_RUNTIME_DIR");
  const user = baseDirectory(environment, "XDG_CONFIG_HOME", ".config");
  return [
    ...(docker === undefined ? [] : [`${docker}/config.json`]),
    ...(runtime === undefined ? [] : [`${runtime}/containers/auth.json`]),
    ...(user === undefined ? [] : [`${user}/containers/auth.json`]),
  ];
}

/**
 * The credentials for the host that is contacted, which for a mirror is the mirror and never the registry it stands for.
 * In each file a helper for the host comes first, then the store, then `auths`.
 * @param host `host[:port]` of the endpoint
 * @returns undefined for anonymous access
 * @throws AceError `config` when a helper fails
 */
export async function findCredentials(
  host: string,
  files: readonly AuthFile[],
  environment: Environment,
): Promise<Credentials | undefined> {
  const keys = hubHosts.includes(host) ? [hubKey, ...hubHosts] : [host];
  for (const file of files) {
    const found = (await fromHelpers(keys, file, environment)) ?? fromAuths(keys, file);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function fromHelpers(
  keys: readonly string[],
  file: AuthFile,
  environment: Environment,
): Promise<Credentials | undefined> {
  const key = keys.find((candidate) => Object.hasOwn(file.credHelpers, candidate));
  const helper = key === undefined ? undefined : file.credHelpers[key];
  if (key !== undefined && helper) {
    // A helper for one host is asked under that host's key only, as Docker does.
    return askHelper(helper, key, environment);
  }
  const server = keys[0];
  if (file.credsStore === undefined || server === undefined) return undefined;
  return askHelper(file.credsStore, server, environment);
}

function fromAuths(keys: readonly string[], file: AuthFile): Credentials | undefined {
  const entries = Object.entries(file.auths);
  const ranked = [
    ...keys.flatMap((key) => entries.filter(([name]) => name === key)),
    ...keys.flatMap((key) => entries.filter(([name]) => name !== key && hostOf(name) === key)),
  ];
  for (const [, entry] of ranked) {
    const credentials = credentialsOf(entry);
    if (credentials !== undefined) return credentials;
  }
  return undefined;
}

/**
 * The host of an old key such as `https://quay.io/v1/`. A Podman key with a path, `quay.io/team`, is for one namespace
 * only, so it is no key for the host.
 */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, "").replace(/\/(v[12]\/?)?$/, "");
}
