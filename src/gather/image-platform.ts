/** The platform of an image that is in no index: its config names it. */
import * as v from "valibot";
import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { digestAlgorithm, digestOf } from "../oci/digest.ts";
import { manifestLimitBytes, parseManifest } from "../oci/manifest.ts";
import { isImageConfigType } from "../oci/media-types.ts";
import { isKnownPlatform, type Platform } from "../oci/platform.ts";
import type { Repository } from "../registry/repository.ts";

const configSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ os: v.string(), architecture: v.string(), variant: v.optional(v.string()) }),
);

/**
 * Reads an image's config.
 * @returns undefined for an artifact, and for a config that names no platform
 * @throws AceError `digest` when the config is not what the manifest says; what the registry says
 */
export async function imagePlatform(
  image: Descriptor,
  repository: Repository,
): Promise<Platform | undefined> {
  const { bytes } = await repository.fetchManifest(image);
  const { config } = parseManifest(bytes, image.mediaType, `${repository.name}@${image.digest}`);
  if (config === undefined || !isImageConfigType(config.mediaType)) return undefined;
  return platformOfConfig(await readConfig(config, repository));
}

/** The platform that an image's config names; undefined for what is no config, and for one that names none. */
export function platformOfConfig(config: Uint8Array): Platform | undefined {
  const text = new TextDecoder().decode(config);
  const result = v.safeParse(configSchema, text);
  return result.success && isKnownPlatform(result.output) ? result.output : undefined;
}

async function readConfig(config: Descriptor, repository: Repository): Promise<Uint8Array> {
  const name = `config ${config.digest} of ${repository.name}`;
  if (config.size > manifestLimitBytes)
    throw new AceError(
      "registry",
      `Cannot read ${name}: it has ${config.size} bytes, more than ${manifestLimitBytes}`,
    );
  const source = repository.blob(config);
  for (;;) {
    const bytes = new Uint8Array(config.size);
    let filled = 0;
    const write = (chunk: Uint8Array): void => {
      bytes.set(chunk, filled);
      filled += chunk.length;
    };
    await source.read({ sink: { write } });
    const actual = digestOf(bytes, digestAlgorithm(config.digest));
    if (actual === config.digest) return bytes;
    const wrong = new AceError("digest", `Cannot read ${name}: the registry's bytes have digest ${actual}`);
    if (!source.fetchAgain(wrong)) throw source.error;
  }
}
