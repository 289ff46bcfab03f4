/** The low side's shelf in demos and tests: one image of every kind that a mirror meets. */
import {
  type Artifact,
  attachmentOf,
  chartOf,
  imageOf,
  indexOf,
  layerOf,
  multiArchOf,
  sbomOf,
} from "./images.ts";
import { pushArtifact } from "./push.ts";
import { seededBytes } from "./seeded-bytes.ts";

/** An artifact and where it goes. */
export interface PlacedArtifact {
  repository: string;
  tag: string;
  artifact: Artifact;
  /** Artifacts whose subject is this one, in the same repository, without tags. */
  referrers: readonly Artifact[];
  /** One word or two for people. */
  kind: string;
  /** What sources.list says of it, `key=value`. */
  labels: readonly string[];
}

/**
 * One of every kind; two of them share a layer, so that a mirror has something to save.
 * @param layerBytes random bytes in each layer
 */
export function standardImages(layerBytes = 3000): readonly PlacedArtifact[] {
  const base = layerOf("base", layerBytes);
  const tool = imageOf({ seed: "tool", layers: 2, layerBytes, sharedLayers: [base] });
  const place = (
    repository: string,
    tag: string,
    kind: string,
    artifact: Artifact,
    labels: readonly string[] = [],
    referrers: readonly Artifact[] = [],
  ): PlacedArtifact => ({ repository, tag, artifact, referrers, kind, labels });
  return [
    place(
      "library/base",
      "v3",
      "image",
      imageOf({ seed: "base-image", layers: 1, layerBytes, sharedLayers: [base] }),
      ["component=core"],
    ),
    place("library/tool", "v1", "image with an SBOM", tool, ["component=core", "tier=base"], [sbomOf(tool)]),
    place("library/multi", "v2", "multi-arch image", multiArchOf("multi", layerBytes), ["component=core"]),
    place("library/legacy", "1.9", "Docker schema 2", imageOf({ seed: "legacy", layerBytes, docker: true })),
    place("charts/app", "0.1.0", "Helm chart", chartOf("app", "0.1.0"), ["component=charts", "module=test"]),
    place(
      "data/model",
      "2026-11",
      "artifact with an empty config",
      attachmentOf("application/vnd.example.model", seededBytes("model", layerBytes)),
    ),
    place(
      "library/nested",
      "v1",
      "index of indexes",
      indexOf([multiArchOf("nested", layerBytes), imageOf({ seed: "nested/plain", layerBytes })]),
    ),
  ];
}

/** Pushes placed artifacts and their referrers. */
export async function pushPlaced(origin: string, placed: readonly PlacedArtifact[]): Promise<void> {
  for (const { repository, tag, artifact, referrers } of placed) {
    await pushArtifact(origin, repository, artifact, tag);
    for (const referrer of referrers) await pushArtifact(origin, repository, referrer);
  }
}

/** The lines of a sources.list, with a comment first. */
export function sourcesList(registry: string, placed: readonly PlacedArtifact[]): string {
  const lines = placed.map(({ repository, tag, labels }) =>
    [`${registry}/${repository}:${tag}`, ...labels].join(","),
  );
  return `# what the high side asked for\n${lines.join("\n")}\n`;
}
