/** What an index gathers, as images to be copied. */
import * as annotationKeys from "../oci/annotations.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { childManifests, parseManifest, type RawManifest } from "../oci/manifest.ts";
import { isIndexType } from "../oci/media-types.ts";
import { sourceOf } from "./gather-index.ts";
import type { GatherEntry } from "./resolve-source.ts";

/**
 * What an index gathers; a plain image stands for itself.
 * @param image the name by which the plain image goes
 * @param origin where it is read
 */
export function entriesOf(
  root: RawManifest,
  image: string,
  origin: Pick<GatherEntry, "repository" | "graph">,
): GatherEntry[] {
  return descriptorsOf(root, image).map((descriptor) => ({
    ...origin,
    reference: sourceOf(descriptor) ?? "",
    descriptor,
  }));
}

function descriptorsOf(root: RawManifest, image: string): readonly Descriptor[] {
  const content = parseManifest(root.bytes, root.descriptor.mediaType, image);
  const children = childManifests(content);
  if (isIndexType(content.mediaType) && children.some((child) => sourceOf(child) !== undefined))
    return children;
  const annotations = { ...content.annotations, [annotationKeys.manifestSource]: image };
  return [{ ...root.descriptor, annotations }];
}
