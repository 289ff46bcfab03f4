/** Finds out what stays of an index when only some platforms are wanted, and makes of it what the mode says. */
import type { GraphSource } from "../content/read-graph.ts";
import { AceError } from "../errors.ts";
import * as annotationKeys from "../oci/annotations.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { childManifests, parseManifest, type RawManifest } from "../oci/manifest.ts";
import { isIndexType } from "../oci/media-types.ts";
import { formatPlatform, matchesPlatform, type Platform } from "../oci/platform.ts";
import { formatPlatforms, type PlatformChoice, PlatformFilter } from "../oci/platform-filter.ts";
import { rebuildIndex } from "../oci/rebuild-index.ts";
import type { Repository } from "../registry/repository.ts";
import { imagePlatform } from "./image-platform.ts";
import { platformsOf, type Survey, surveyIndex } from "./survey-index.ts";

/** What a source comes to: entries of the gather index to be, and where the graphs below them are read. */
export interface ChosenManifests {
  descriptors: readonly Descriptor[];
  graph: GraphSource;
  /** How many manifests were left out that name no platform and are about no other: nobody asked to leave these out. */
  unnamed: number;
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
  const whole = { descriptors: [image], graph: repository, unnamed: 0 };
  if (platforms.length === 0) return whole;
  if (!isIndexType(image.mediaType)) {
    // The original never looks at what is no index, and takes it.
    if (mode !== "original") await checkPlatform(image, platforms, repository, name);
    return whole;
  }
  if (mode === "original")
    return { ...whole, descriptors: await splitIndex(image, platforms, repository, name) };
  const fetched = new Map<Digest, RawManifest>();
  const survey = await surveyIndex(image, new PlatformFilter([platforms]), { repository, name, fetched }, 0);
  if (!survey.matches) throw noPlatform(name, platforms, survey.platforms);
  const { unnamed } = survey;
  if (survey.whole || mode === "sparse") {
    const marked = survey.whole ? image : sparse(image, platforms);
    return { descriptors: [marked], graph: graphOf(repository, fetched, new Map()), unnamed };
  }
  const rebuilt = new Map<Digest, RawManifest>();
  const descriptors = [rebuild(survey, rebuilt)];
  return { descriptors, graph: graphOf(repository, fetched, rebuilt), unnamed };
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

/** The repository, with manifests that need not be asked for, and those that only we have. Nothing refers to the latter yet. */
function graphOf(
  repository: Repository,
  fetched: ReadonlyMap<Digest, RawManifest>,
  rebuilt: ReadonlyMap<Digest, RawManifest>,
): GraphSource {
  return {
    fetchManifest: async (descriptor) =>
      rebuilt.get(descriptor.digest) ??
      fetched.get(descriptor.digest) ??
      (await repository.fetchManifest(descriptor)),
    listReferrers: async (digest) => (rebuilt.has(digest) ? [] : await repository.listReferrers(digest)),
    hasBlob: (descriptor) => repository.hasBlob(descriptor),
  };
}

function annotated(descriptor: Descriptor, more: Record<string, string>): Descriptor {
  return { ...descriptor, annotations: { ...descriptor.annotations, ...more } };
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
