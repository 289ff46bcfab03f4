/** Reads an index down to the platforms that are named in it, and says what a filter leaves of it. */
import { deepestGraph } from "../content/read-graph.ts";
import { AceError } from "../errors.ts";
import * as annotationKeys from "../oci/annotations.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { childManifests, type ManifestContent, parseManifest, type RawManifest } from "../oci/manifest.ts";
import { isIndexType } from "../oci/media-types.ts";
import { formatPlatform, isKnownPlatform } from "../oci/platform.ts";
import { filterBelow, type PlatformFilter } from "../oci/platform-filter.ts";
import type { Repository } from "../registry/repository.ts";

/** An index, and what the filter leaves of it. */
export interface Survey {
  descriptor: Descriptor;
  raw: RawManifest;
  content: ManifestContent;
  /** In the index's order; with a survey of their own where the filter goes on inside. */
  kept: readonly { child: Descriptor; below: Survey | undefined }[];
  /** True when there is a manifest of a wanted platform. */
  matches: boolean;
  /** True when nothing is left out, here and below. */
  whole: boolean;
  /** Every platform that is named, here and below, for the message when none is wanted. */
  platforms: readonly string[];
  /** Manifests left out that name no platform and are about no other, here and below. */
  unnamed: number;
}

/** Where indexes are read. */
export interface SurveySource {
  repository: Repository;
  name: string;
  /** Takes every index that was read, so that a registry that counts pulls counts one. */
  fetched: Map<Digest, RawManifest>;
}

/**
 * Reads an index, and those in it that name no platform.
 * @param parent what is wanted
 * @param depth how many indexes it is in
 * @throws AceError what the registry says; `registry` when indexes are nested too deep
 */
export async function surveyIndex(
  descriptor: Descriptor,
  parent: PlatformFilter,
  source: SurveySource,
  depth: number,
): Promise<Survey> {
  const { repository, name, fetched } = source;
  if (depth >= deepestGraph)
    throw new AceError("registry", `Cannot read ${name}: indexes are nested deeper than ${deepestGraph}`);
  const raw = await repository.fetchManifest(descriptor);
  fetched.set(descriptor.digest, raw);
  const content = parseManifest(raw.bytes, descriptor.mediaType, `${repository.name}@${descriptor.digest}`);
  const children = childManifests(content);
  const filter = filterBelow(descriptor, parent) ?? parent;
  const { kept, omitted } = filter.split(children);
  const surveyed = await Promise.all(
    kept.map(async (child) => ({
      child,
      below: isUndecided(child) ? await surveyIndex(child, filter, source, depth + 1) : undefined,
    })),
  );
  const below = surveyed.flatMap((each) => each.below ?? []);
  return {
    descriptor,
    raw,
    content,
    kept: surveyed,
    matches: kept.some((child) => isKnownPlatform(child.platform)) || below.some(({ matches }) => matches),
    whole: omitted.length === 0 && below.every(({ whole }) => whole),
    platforms: [...platformsOf(children), ...below.flatMap(({ platforms }) => platforms)],
    unnamed: below.reduce((sum, { unnamed }) => sum + unnamed, omitted.filter(isUnnamed).length),
  };
}

function isUnnamed({ platform, annotations }: Descriptor): boolean {
  return !isKnownPlatform(platform) && annotations?.[annotationKeys.referenceDigest] === undefined;
}

/** An index that names no platform: what is in it decides. */
function isUndecided({ mediaType, platform }: Descriptor): boolean {
  return isIndexType(mediaType) && !isKnownPlatform(platform);
}

/** Every platform that is named, as `os/arch[/variant]`; not the unknown/unknown of attestations. */
export function platformsOf(children: readonly Descriptor[]): string[] {
  return children.flatMap(({ platform }) => (isKnownPlatform(platform) ? [formatPlatform(platform)] : []));
}
