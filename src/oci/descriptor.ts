/** Descriptors: the words with which everything points at content (image-spec descriptor.md). */
import * as v from "valibot";
import { type Digest, isDigest } from "./digest.ts";
import type { Platform } from "./platform.ts";

/** A pointer to content: type, hash and size in bytes. */
export interface Descriptor {
  mediaType: string;
  digest: Digest;
  /** Bytes. */
  size: number;
  urls?: string[] | undefined;
  annotations?: Record<string, string> | undefined;
  data?: string | undefined;
  platform?: Platform | undefined;
  artifactType?: string | undefined;
}

/** A field that Go may write as null: null and absent are the same. */
export function optionalOf<const Schema extends v.GenericSchema>(schema: Schema) {
  return v.pipe(
    v.nullish(schema),
    v.transform((value) => value ?? undefined),
  );
}

const optionalText = optionalOf(v.string());

const platformSchema = v.object({
  architecture: v.string(),
  os: v.string(),
  "os.version": v.optional(v.string()),
  "os.features": v.optional(v.array(v.string())),
  variant: v.optional(v.string()),
});

/** Fields in the order in which Go's `ocispec.Descriptor` writes them, so that a parsed one prints the same. */
export const descriptorSchema = v.object({
  mediaType: v.pipe(v.string(), v.minLength(1)),
  digest: v.custom<Digest>(
    (value) => typeof value === "string" && isDigest(value),
    "not a sha256, sha384 or sha512 digest",
  ),
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  urls: optionalOf(v.array(v.string())),
  annotations: optionalOf(v.record(v.string(), v.string())),
  data: optionalText,
  platform: optionalOf(platformSchema),
  artifactType: optionalText,
});

/** A descriptor reduced to what identifies content: all that a thread that moves it needs to know. */
export function plainDescriptor(descriptor: Descriptor): Descriptor {
  return { mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size };
}

/**
 * The descriptor's fields in Go's order, with the unset ones left out and annotations sorted as Go's maps are;
 * `JSON.stringify` of the result is what the original writes, up to its HTML escapes (see go-json.ts).
 */
export function orderedDescriptor(descriptor: Descriptor): Descriptor {
  const { mediaType, digest, size, urls, annotations, data, platform, artifactType } = descriptor;
  const sorted =
    annotations &&
    Object.fromEntries(Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  return {
    mediaType,
    digest,
    size,
    ...(urls === undefined || urls.length === 0 ? {} : { urls }),
    ...(sorted === undefined || Object.keys(sorted).length === 0 ? {} : { annotations: sorted }),
    ...(data === undefined ? {} : { data }),
    ...(platform === undefined ? {} : { platform: orderedPlatform(platform) }),
    ...(artifactType === undefined || artifactType === "" ? {} : { artifactType }),
  };
}

function orderedPlatform(platform: Platform): Platform {
  return {
    architecture: platform.architecture,
    os: platform.os,
    ...(platform["os.version"] ? { "os.version": platform["os.version"] } : {}),
    ...(platform["os.features"]?.length ? { "os.features": platform["os.features"] } : {}),
    ...(platform.variant ? { variant: platform.variant } : {}),
  };
}
