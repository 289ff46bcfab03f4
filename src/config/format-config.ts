/** Writes the configuration in force as a configuration file. */
import { stringify } from "yaml";
import { formatByteSize } from "./bytes.ts";
import type { Config } from "./config.ts";
import { apiVersion, kind } from "./schema.ts";

/**
 * The configuration as YAML that `--config` reads back to the same (that the store is switched off only ACE_DT_CACHE_PATH can
 * say: then `cachePath` is empty). It has no secrets: credentials and certificates are never
 * part of it, only the name of the file they come from.
 */
export function formatConfig(config: Config): string {
  const registries = config.registries.map((registry) => [
    registry.host,
    {
      endpoints: registry.endpoints,
      rewritePull: new Map(registry.rewritePull.map((rule) => [rule.pattern, rule.replacement])),
      noncompliant: registry.noncompliant,
    },
  ]);
  const endpoints = config.endpoints.map((endpoint) => [
    endpoint.url,
    {
      tls: { insecureSkipVerify: endpoint.insecureSkipVerify },
      supportsReferrers: endpoint.supportsReferrers,
    },
  ]);
  const body = stringify({
    apiVersion,
    kind,
    cachePath: config.cachePath ?? "",
    cachePruneMax: formatByteSize(config.cachePruneMax),
    chunkSize: formatByteSize(config.chunkSize),
    concurrentHTTP: config.concurrentHTTP,
    registryAuthFile: config.registryAuthFile ?? "",
    registryConfig: {
      registries: Object.fromEntries(registries),
      endpointConfig: Object.fromEntries(endpoints),
    },
  });
  const origin = config.file === undefined ? "There is no configuration file." : `Read from ${config.file}.`;
  return `# ${origin} Defaults and environment included.\n${body}`;
}
