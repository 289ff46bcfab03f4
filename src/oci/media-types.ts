/** Media types of the OCI and Docker image formats (image-spec media-types.md; distribution's manifest schema 2). */

export const ociImageManifest = "application/vnd.oci.image.manifest.v1+json";
export const ociImageIndex = "application/vnd.oci.image.index.v1+json";
export const ociArtifactManifest = "application/vnd.oci.artifact.manifest.v1+json";
export const dockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
export const dockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json";

/** The artifactType of a gather index (what `mirror gather` pushes). */
export const gatherArtifactType = "application/vnd.act3-ace.data.gather+json";

const schema1 = new Set([
  "application/vnd.docker.distribution.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v1+prettyjws",
]);

/** Everything we can take as a manifest, in the order of preference for an Accept header. */
export const manifestMediaTypes: readonly string[] = [
  ociImageManifest,
  ociImageIndex,
  dockerManifest,
  dockerManifestList,
  ociArtifactManifest,
];

/** An index or a manifest list: a manifest that names manifests. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === ociImageIndex || mediaType === dockerManifestList;
}

/** The config of an image: image-spec config.md, and Docker's before it. Other artifacts have no platform. */
export function isImageConfigType(mediaType: string): boolean {
  return (
    mediaType === "application/vnd.oci.image.config.v1+json" ||
    mediaType === "application/vnd.docker.container.image.v1+json"
  );
}

/** Any manifest: image, index or (release candidate) artifact. */
export function isManifestType(mediaType: string): boolean {
  return manifestMediaTypes.includes(mediaType);
}

/** Docker's schema 1, whose digest leaves out its signatures, so that it cannot be copied by digest. */
export function isSchema1Type(mediaType: string): boolean {
  return schema1.has(mediaType);
}

/**
 * True for a layer that may live outside the registry, under its `urls` (image-spec layer.md, "Non-Distributable Layers";
 * Docker's foreign layers, as in Windows base images).
 */
export function isForeignLayer(layer: { mediaType: string; urls?: readonly string[] | undefined }): boolean {
  return (
    layer.mediaType.includes(".nondistributable.") ||
    layer.mediaType === "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip" ||
    (layer.urls?.length ?? 0) > 0
  );
}
