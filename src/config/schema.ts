/** The shape of the configuration file, and its translation into {@link Config}'s parts. */
import { RE2JS } from "re2js";
import * as v from "valibot";
import { byteSizeOf } from "./bytes.ts";
import type { EndpointConfig, RegistryConfig } from "./config.ts";

export const apiVersion = "config.dt.act3-ace.io/v1alpha1";
export const kind = "Configuration";

/** Go reads a null as "not given"; an empty section (every line below it commented out) is one. */
function optional<const Schema extends v.GenericSchema>(schema: Schema) {
  return v.pipe(
    v.nullish(schema),
    v.transform((value) => value ?? undefined),
  );
}

const quantity = v.pipe(
  v.union([v.string(), v.pipe(v.number(), v.transform(String))], "want a size such as 500Mi"),
  v.check((text) => byteSizeOf(text) !== undefined, "want a size such as 500Mi"),
  v.transform((text) => byteSizeOf(text) ?? 0),
);

/** The range of `concurrentHTTP`: more than 1000 sockets meet the usual limit of 1024 open files. */
export const concurrencyLimit = 1000;
const concurrencyMessage = `want a whole number from 1 to ${concurrencyLimit}`;
const concurrency = v.pipe(
  v.number(concurrencyMessage),
  v.integer(concurrencyMessage),
  v.minValue(1, concurrencyMessage),
  v.maxValue(concurrencyLimit, concurrencyMessage),
);

const endpointMessage = "want http://host[:port] or https://host[:port], without user, query or fragment";
const endpointUrl = v.pipe(
  v.string(endpointMessage),
  v.check(isEndpointUrl, endpointMessage),
  v.transform((text) => text.replace(/\/+$/, "")),
);

function isEndpointUrl(text: string): boolean {
  if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  return url.username === "" && url.password === "" && url.search === "" && url.hash === "";
}

const rewriteRules = v.map(
  v.pipe(v.string(), v.check(isRegularExpression, "it is no regular expression in RE2 syntax")),
  v.string("want a replacement text"),
);

function isRegularExpression(text: string): boolean {
  try {
    RE2JS.compile(text);
    return true;
  } catch (error) {
    if (error instanceof Error) return false;
    throw error;
  }
}

const registrySchema = v.strictObject({
  endpoints: optional(v.array(endpointUrl)),
  rewritePull: optional(rewriteRules),
  noncompliant: optional(v.boolean()),
});

const endpointSchema = v.strictObject({
  tls: optional(v.strictObject({ insecureSkipVerify: optional(v.boolean()) })),
  supportsReferrers: optional(v.picklist(["auto", "api", "tag", ""], "want auto, api or tag")),
});

/** A host name that stands right under `registryConfig`, as in the guide's example; a misspelt key has no dot or colon. */
const directHost = v.pipe(
  v.string(),
  v.check((key) => /[.:]/.test(key) || key === "localhost", "this key is not known"),
);

const hostName = v.pipe(v.string(), v.regex(/^[^/\s]+$/, "want a host name, optionally with a port"));

/** The whole file. Maps under `rewritePull` are Maps, for the order of their keys. */
export const fileSchema = v.strictObject({
  apiVersion: v.literal(apiVersion, `want ${apiVersion}`),
  kind: v.literal(kind, `want ${kind}`),
  cachePath: optional(v.string()),
  cachePruneMax: optional(quantity),
  chunkSize: optional(quantity),
  concurrentHTTP: optional(concurrency),
  registryAuthFile: optional(v.string()),
  registryConfig: optional(
    v.pipe(
      v.unknown(),
      v.transform(splitDirectHosts),
      v.strictObject({
        registries: optional(v.record(hostName, optional(registrySchema))),
        endpointConfig: optional(v.record(endpointUrl, optional(endpointSchema))),
        hosts: v.record(directHost, optional(registrySchema)),
      }),
    ),
  ),
  compressionLevel: optional(v.string()),
  editor: optional(v.string()),
  hideProgress: optional(v.boolean()),
  telemetry: optional(v.unknown()),
  telemetryUserName: optional(v.string()),
  keys: optional(v.unknown()),
});

/** Moves every key but the two known ones into `hosts`, so that one schema can check both shapes. */
function splitDirectHosts(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const known = new Set(["registries", "endpointConfig"]);
  const entries = Object.entries(value);
  return {
    ...Object.fromEntries(entries.filter(([key]) => known.has(key))),
    hosts: Object.fromEntries(entries.filter(([key]) => !known.has(key))),
  };
}

type FileContent = v.InferOutput<typeof fileSchema>;

/** The registries of a file; `registries:` wins over a host of the same name right under `registryConfig`. */
export function registriesOf(content: FileContent): RegistryConfig[] {
  const all = { ...content.registryConfig?.hosts, ...content.registryConfig?.registries };
  return Object.entries(all).map(([host, entry]) => ({
    host,
    endpoints: entry?.endpoints ?? [],
    rewritePull: [...(entry?.rewritePull ?? [])].map(([pattern, replacement]) => ({ pattern, replacement })),
    noncompliant: entry?.noncompliant ?? false,
  }));
}

/** The endpoints of a file. */
export function endpointsOf(content: FileContent): EndpointConfig[] {
  return Object.entries(content.registryConfig?.endpointConfig ?? {}).map(([url, entry]) => ({
    url,
    insecureSkipVerify: entry?.tls?.insecureSkipVerify ?? false,
    supportsReferrers: entry?.supportsReferrers || "auto",
  }));
}
