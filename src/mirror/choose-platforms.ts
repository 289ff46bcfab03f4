/** Finds out what stays of an index when only some platforms are wanted, and makes of it what the mode says. */
import type { GraphSource } from "../content/read-graph.ts";
import { AceError } from "../errors.ts";
import * as annotationKeys from "../oci/annotations.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { childManifests, type ManifestContent, parseManifest, type RawManifest } from "../oci/manifest.ts";
import { isIndexType } from "../oci/media-types.ts";
import { formatPlatform, isKnownPlatform, matchesPlatform, type Platform } from "../oci/platform.ts";
import { filterBelow, formatPlatforms, type PlatformChoice, PlatformFilter } from "../oci/platform-filter.ts";
import { rebuildIndex } from "../oci/rebuild-index.ts";
import type { Repository } from "../registry/repository.ts";
import { imagePlatform } from "./image-platform.ts";

/** What a source comes to: entries of the gather index to be, and where the graphs below them are read. */
export interface ChosenManifests {
  descriptors: readonly Descriptor[];
  graph: GraphSource;
}

/**
 * Chooses of one image what `-p` wants.
 * @param image its descriptor, without annotations of ours
 * @param name the image's reference, for messages
 * @throws AceError `not-found` when the image has none of the platforms
 */
export async function choosePlatforms(
  image: Descriptor,
  choice: PlatformChoice,
  repository: Repository,
  name: string,
): Promise<ChosenManifests> {
  const { platforms, mode } = choice;
  const whole = { descriptors: [image], graph: repository };
  if (platforms.length === 0) return whole;
  if (!isIndexType(image.mediaType)) {
    // The original never looks at what is no index, and takes it.
    if (mode !== "original") await checkPlatform(image, platforms, repository, name);
    return whole;
  }
  if (mode === "original")
    return { ...whole, descriptors: await splitIndex(image, platforms, repository, name) };
  const survey = await surveyIndex(image, new PlatformFilter([platforms]), repository, name, 0);
  if (!survey.matches) throw noPlatform(name, platforms, survey.platforms);
  if (survey.whole) return whole;
  if (mode === "sparse") return { ...whole, descriptors: [sparse(image, platforms)] };
  const rebuilt = new Map<Digest, RawManifest>();
  return { descriptors: [rebuild(survey, rebuilt)], graph: withRebuilt(repository, rebuilt) };
}

/** As the original does it: each manifest for a wanted platform becomes an entry that carries the source index as a text. */
async function splitIndex(
  image: Descriptor,
  platforms: readonly Platform[],
  repository: Repository,
  name: string,
): Promise<Descriptor[]> {
  const { bytes } = await repository.fetchManifest(image);
  const children = childManifests(parseManifest(bytes, image.mediaType, name));
  const chosen = children.filter((child) =>
    platforms.some((platform) => matchesPlatform(platform, child.platform)),
  );
  if (chosen.length === 0) throw noPlatform(name, platforms, platformsOf(children));
  const sourceIndex = { [annotationKeys.sourceIndex]: new TextDecoder().decode(bytes) };
  return chosen.map((child) => annotated(child, sourceIndex));
}

async function checkPlatform(
  image: Descriptor,
  platforms: readonly Platform[],
  repository: Repository,
  name: string,
): Promise<void> {
  const actual = await imagePlatform(image, repository);
  if (actual === undefined || platforms.some((wanted) => matchesPlatform(wanted, actual))) return;
  throw noPlatform(name, platforms, [formatPlatform(actual)]);
}

/** An index, and what the filter leaves of it. */
interface Survey {
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
}

/** As deep as a graph is read. */
const deepest = 16;

async function surveyIndex(
  descriptor: Descriptor,
  parent: PlatformFilter,
  repository: Repository,
  name: string,
  depth: number,
): Promise<Survey> {
  if (depth >= deepest)
    throw new AceError("registry", `Cannot read ${name}: indexes are nested deeper than ${deepest}`);
  const raw = await repository.fetchManifest(descriptor);
  const content = parseManifest(raw.bytes, descriptor.mediaType, `${repository.name}@${descriptor.digest}`);
  const children = childManifests(content);
  const filter = filterBelow(descriptor, parent) ?? parent;
  const { kept, omitted } = filter.split(children);
  const surveyed = await Promise.all(
    kept.map(async (child) => ({
      child,
      below: isUndecided(child) ? await surveyIndex(child, filter, repository, name, depth + 1) : undefined,
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
  };
}

/** An index that names no platform: what is in it decides. */
function isUndecided({ mediaType, platform }: Descriptor): boolean {
  return isIndexType(mediaType) && !isKnownPlatform(platform);
}

function sparse(image: Descriptor, platforms: readonly Platform[]): Descriptor {
  return annotated(image, { [annotationKeys.sparsePlatforms]: formatPlatforms(platforms) });
}

/** Writes the smaller index, those below it first. Nested indexes in which nothing is wanted go altogether. */
function rebuild(
  { descriptor, raw, content, kept, whole }: Survey,
  rebuilt: Map<Digest, RawManifest>,
): Descriptor {
  if (whole) return descriptor;
  const places = new Map<Descriptor, Descriptor>();
  for (const { child, below } of kept) {
    if (below === undefined) places.set(child, child);
    else if (below.matches) places.set(child, rebuild(below, rebuilt));
  }
  const index = rebuildIndex(raw, content, places);
  rebuilt.set(index.descriptor.digest, index);
  const { data: _, ...rest } = descriptor; // the old content, embedded
  const { digest, size } = index.descriptor;
  return annotated({ ...rest, digest, size }, { [annotationKeys.sourceDigest]: descriptor.digest });
}

/** The repository, with manifests that only we have. Nothing refers to those yet. */
function withRebuilt(repository: Repository, rebuilt: ReadonlyMap<Digest, RawManifest>): GraphSource {
  return {
    fetchManifest: async (descriptor) =>
      rebuilt.get(descriptor.digest) ?? (await repository.fetchManifest(descriptor)),
    listReferrers: async (digest) => (rebuilt.has(digest) ? [] : await repository.listReferrers(digest)),
    hasBlob: (descriptor) => repository.hasBlob(descriptor),
  };
}

function annotated(descriptor: Descriptor, more: Record<string, string>): Descriptor {
  return { ...descriptor, annotations: { ...descriptor.annotations, ...more } };
}

function platformsOf(children: readonly Descriptor[]): string[] {
  return children.flatMap(({ platform }) => (platform === undefined ? [] : [formatPlatform(platform)]));
}

function noPlatform(name: string, wanted: readonly Platform[], there: readonly string[]): AceError {
  return new AceError(
    "not-found",
    `Cannot take ${name}: it has no image for ${wanted.map(formatPlatform).join(" or ")}`,
    {
      hint:
        there.length === 0
          ? "None of its entries names a platform."
          : `It has: ${[...new Set(there)].join(", ")}.`,
    },
  );
}
