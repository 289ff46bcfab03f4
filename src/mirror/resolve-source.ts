/** Finds out what a line of the source list stands for now. */
import { AceError } from "../errors.ts";
import type { Source } from "../lists/read-sources.ts";
import * as annotationKeys from "../oci/annotations.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { goJson } from "../oci/go-json.ts";
import { childManifests, parseManifest } from "../oci/manifest.ts";
import { isIndexType } from "../oci/media-types.ts";
import { formatPlatform, matchesPlatform, type Platform } from "../oci/platform.ts";
import { parseReference } from "../oci/reference.ts";
import type { Repository } from "../registry/repository.ts";
import { type RunContext, targetOf } from "./run.ts";

/** One entry of the gather index to be. */
export interface GatherEntry {
  /** The source reference, verbatim. */
  reference: string;
  repository: Repository;
  /** With the annotations that the index will carry. */
  descriptor: Descriptor;
}

/**
 * Resolves a source with one HEAD; with platforms, an index is read and each of its manifests for a wanted platform becomes an entry.
 * @throws AceError `not-found` also when an index has none of the platforms
 */
export async function resolveSource(
  source: Source,
  platforms: readonly Platform[],
  run: RunContext,
): Promise<GatherEntry[]> {
  const reference = parseReference(source.reference);
  const repository = await run.source(reference);
  const resolved = await repository.resolve(targetOf(reference));
  const entry = (descriptor: Descriptor, more: Record<string, string>): GatherEntry => ({
    reference: source.reference,
    repository,
    descriptor: {
      ...descriptor,
      annotations: { ...descriptor.annotations, ...more, ...ownAnnotations(source) },
    },
  });
  if (platforms.length === 0 || !isIndexType(resolved.mediaType)) return [entry(resolved, {})];
  const { bytes } = await repository.fetchManifest(resolved);
  const children = childManifests(parseManifest(bytes, resolved.mediaType, source.reference));
  const chosen = children.filter((child) =>
    platforms.some((platform) => matchesPlatform(platform, child.platform)),
  );
  if (chosen.length === 0) throw noPlatform(source, platforms, children);
  const sourceIndex = { [annotationKeys.sourceIndex]: new TextDecoder().decode(bytes) };
  return chosen.map((child) => entry(child, sourceIndex));
}

function ownAnnotations(source: Source): Record<string, string> {
  const keys = Object.keys(source.labels).sort();
  const labels = Object.fromEntries(keys.map((key) => [key, source.labels[key]]));
  return {
    ...(keys.length === 0 ? {} : { [annotationKeys.labels]: goJson(labels) }),
    [annotationKeys.refName]: source.reference,
    [annotationKeys.manifestSource]: source.reference,
  };
}

function noPlatform(
  source: Source,
  platforms: readonly Platform[],
  children: readonly Descriptor[],
): AceError {
  const there = children.flatMap(({ platform }) =>
    platform === undefined ? [] : [formatPlatform(platform)],
  );
  return new AceError(
    "not-found",
    `Cannot gather ${source.reference}: it has no image for ${platforms.map(formatPlatform).join(" or ")}`,
    {
      hint:
        there.length === 0
          ? "None of its entries names a platform."
          : `It has: ${[...new Set(there)].join(", ")}.`,
    },
  );
}
