/** Graphs of seeded images without a registry: a source of manifests in memory, behind the interface that repositories have. */

import { readGraph } from "../../src/content/read-graph.ts";
import type { ManifestSource, ReferrerSource } from "../../src/content/storage.ts";
import { type GraphStream, streamGraph } from "../../src/content/stream-graph.ts";
import type { GraphNode } from "../../src/content/walk.ts";
import { AceError } from "../../src/errors.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { parseManifest, type RawManifest } from "../../src/oci/manifest.ts";
import type { Artifact } from "../support/images.ts";

/** Holds manifests; what has a subject refers to it. */
export class ArtifactSource implements ManifestSource, ReferrerSource {
  readonly #manifests = new Map<Digest, RawManifest>();

  constructor(artifacts: readonly Artifact[]) {
    for (const { manifests } of artifacts) {
      for (const manifest of manifests) this.#manifests.set(manifest.descriptor.digest, manifest);
    }
  }

  async fetchManifest(descriptor: Descriptor): Promise<RawManifest> {
    const found = this.#manifests.get(descriptor.digest);
    if (found !== undefined) return found;
    throw new AceError("not-found", `Cannot read ${descriptor.digest}: it is not here`);
  }

  async listReferrers(digest: Digest): Promise<readonly Descriptor[]> {
    return [...this.#manifests.values()]
      .filter(
        ({ bytes, descriptor }) => parseManifest(bytes, descriptor.mediaType, "x").subject?.digest === digest,
      )
      .map(({ descriptor }) => descriptor);
  }
}

/** The graph below an artifact, with the referrers among `more` when there are any. */
export async function graphOf(artifact: Artifact, more: readonly Artifact[] = []): Promise<GraphNode> {
  return await readGraph(artifact.root, new ArtifactSource([artifact, ...more]), {
    recursive: more.length > 0,
    name: "test",
    signal: new AbortController().signal,
  });
}

/** The same graph as a stream. */
export async function streamOf(
  artifact: Artifact,
  more: readonly Artifact[],
  skip: (digest: Digest) => boolean,
): Promise<GraphStream> {
  const options = { recursive: more.length > 0, name: "test", signal: new AbortController().signal };
  return await streamGraph(artifact.root, new ArtifactSource([artifact, ...more]), options, skip);
}
