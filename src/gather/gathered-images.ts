/** Opens a gather index: its images, and those of gather indexes that were gathered with it. */
import { GraphReading, rememberedManifests } from "../content/read-graph.ts";
import * as annotationKeys from "../oci/annotations.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { childManifests, type ManifestContent, parseManifest } from "../oci/manifest.ts";
import { gatherArtifactType, isIndexType } from "../oci/media-types.ts";
import { parseReference } from "../oci/reference.ts";
import { type RunContext, targetOf } from "../run/run.ts";
import { sourceOf } from "./gather-index.ts";

/** One image of a gather index. */
export interface GatheredImage {
  /** Where it was gathered from, verbatim. */
  reference: string;
  descriptor: Descriptor;
}

/** What stands behind a reference, opened for reading what is below it. */
export interface OpenImage {
  /** As the user wrote it. */
  name: string;
  descriptor: Descriptor;
  /** In the order of the index; undefined when it is no gather index. */
  images: readonly GatheredImage[] | undefined;
  reading: GraphReading;
}

/**
 * Reads the manifest under a reference.
 * @param recursive read what refers to its images too
 * @throws AceError what the registry answers
 */
export async function openImage(name: string, recursive: boolean, run: RunContext): Promise<OpenImage> {
  const reference = parseReference(name);
  const repository = await run.source(reference);
  const { bytes, descriptor } = await repository.fetchTarget(targetOf(reference));
  const content = parseManifest(bytes, descriptor.mediaType, name);
  const options = { recursive, name: repository.name, signal: run.signal };
  return {
    name,
    descriptor,
    images: isGather(content) ? imagesOf(content) : undefined,
    reading: new GraphReading(repository, options, rememberedManifests),
  };
}

/**
 * The images of a gather index that was gathered itself, with those of further ones inside of it; none for anything else.
 * @throws AceError what the registry answers
 */
export async function imagesBelow(
  descriptor: Descriptor,
  reading: GraphReading,
  seen = new Set<Digest>(),
): Promise<GatheredImage[]> {
  if (!isIndexType(descriptor.mediaType) || seen.has(descriptor.digest)) return [];
  seen.add(descriptor.digest);
  const { content } = await reading.head(descriptor, []);
  if (!isGather(content)) return [];
  const lists = await Promise.all(
    imagesOf(content).map(async (image) => {
      const below = await imagesBelow(image.descriptor, reading, seen);
      return below.length === 0 ? [image] : below;
    }),
  );
  return lists.flat();
}

/** By its type, or by the annotation that only gathering writes: not every registry and tool keeps the type. */
export function isGather(content: ManifestContent): boolean {
  if (content.kind !== "index") return false;
  return (
    content.artifactType === gatherArtifactType ||
    childManifests(content).some(
      ({ annotations }) => annotations?.[annotationKeys.manifestSource] !== undefined,
    )
  );
}

function imagesOf(content: ManifestContent): GatheredImage[] {
  return childManifests(content).map((descriptor) => ({ reference: sourceOf(descriptor) ?? "", descriptor }));
}
