/** Writes artifacts as an OCI image layout directory, for skopeo to copy from. */
import { join } from "node:path";
import { ociImageIndex } from "../../src/oci/media-types.ts";
import type { Artifact } from "../support/images.ts";

/** One layout with every artifact under its name (image-spec image-layout.md). */
export async function writeLayoutDirectory(
  directory: string,
  artifacts: Readonly<Record<string, Artifact>>,
): Promise<void> {
  await Bun.write(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  for (const artifact of Object.values(artifacts)) {
    for (const { descriptor, bytes } of [...artifact.blobs, ...artifact.manifests]) {
      await Bun.write(join(directory, "blobs", descriptor.digest.replace(":", "/")), bytes);
    }
  }
  const manifests = Object.entries(artifacts).map(([name, { root }]) => ({
    ...root,
    annotations: { ...root.annotations, "org.opencontainers.image.ref.name": name },
  }));
  const index = { schemaVersion: 2, mediaType: ociImageIndex, manifests };
  await Bun.write(join(directory, "index.json"), JSON.stringify(index));
}
