/** Writes the gather index, byte for byte as the original does. */
import * as annotationKeys from "../oci/annotations.ts";
import { type Descriptor, orderedDescriptor } from "../oci/descriptor.ts";
import { digestOf } from "../oci/digest.ts";
import { goJson } from "../oci/go-json.ts";
import type { RawManifest } from "../oci/manifest.ts";
import { gatherArtifactType, isIndexType, ociImageIndex } from "../oci/media-types.ts";
import type { LayerSizes } from "./gather-index.ts";
import type { GatherOptions } from "./gather-options.ts";
import type { GatherEntry } from "./resolve-source.ts";

/** The index for these entries, sorted by source reference; entries of one source keep their order. */
export function buildGatherIndex(
  entries: readonly GatherEntry[],
  options: Pick<GatherOptions, "annotations" | "indexFallback">,
  sizes: LayerSizes,
  version: string,
): RawManifest {
  const sorted = [...entries].sort((a, b) =>
    a.reference < b.reference ? -1 : a.reference > b.reference ? 1 : 0,
  );
  const descriptors = sorted.map((entry) => orderedDescriptor(entry.descriptor));
  const aside = (descriptor: Descriptor) => options.indexFallback && isIndexType(descriptor.mediaType);
  const extra = descriptors.filter(aside);
  const annotations: Record<string, string> = {
    ...options.annotations,
    ...(extra.length === 0 ? {} : { [annotationKeys.extraManifests]: goJson(extra) }),
    [annotationKeys.layerSizeDeduplicated]: String(sizes.deduplicatedBytes),
    [annotationKeys.layerSizeTotal]: String(sizes.totalBytes),
    [annotationKeys.dataVersion]: version,
  };
  const index = {
    schemaVersion: 2,
    mediaType: ociImageIndex,
    artifactType: gatherArtifactType,
    manifests: descriptors.filter((descriptor) => !aside(descriptor)),
    annotations: Object.fromEntries(Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  const bytes = new TextEncoder().encode(goJson(index));
  return { descriptor: { mediaType: ociImageIndex, digest: digestOf(bytes), size: bytes.length }, bytes };
}
