/** Finds out which artifacts of a batch list are new, and plans their archives. */

import type { BlobSource } from "../archive/media/medium-options.ts";
import type { ArchivePlan } from "../archive/plan/archive-plan.ts";
import { openGraph } from "../archive/plan/known-blobs.ts";
import { planArchive } from "../archive/plan/plan-archive.ts";
import { Limiter } from "../async/limiter.ts";
import type { BatchArtifact } from "../lists/batch-list.ts";
import type { SerializedRecord } from "../lists/batch-records.ts";
import * as annotationKeys from "../oci/annotations.ts";
import type { Digest } from "../oci/digest.ts";
import { childManifests, parseManifest, type RawManifest } from "../oci/manifest.ts";
import { formatReference, parseReference } from "../oci/reference.ts";
import { type RunContext, targetOf } from "../run/run.ts";
import { readEarlier } from "./batch-earlier.ts";
import type { BatchFailures } from "./batch-failures.ts";
import type { BatchPart } from "./batch-progress.ts";

/** An artifact of which the other side has an older state, or none. */
export interface NewArtifact extends BatchArtifact, BatchPart {
  /** What the reference points at now. The archive is of this, even when a tag moves while it is made. */
  digest: Digest;
  /** Archives of the same name, in their order. */
  earlier: SerializedRecord[];
}

/** An archive that can be written. */
export interface PlannedArtifact {
  plan: ArchivePlan;
  blobSource: BlobSource;
}

/** Roots asked for at a time: an index of many images is some megabytes. */
const rootsAtATime = 8;

/**
 * Asks for the roots of all artifacts.
 * @returns those whose last archive has another digest than the reference has now. One whose tag was put back to what an earlier
 *   archive has is among them: its next archive puts the other side's tag back too, and has manifests only
 */
export async function findNewArtifacts(
  artifacts: readonly BatchArtifact[],
  records: readonly SerializedRecord[],
  failures: BatchFailures,
  run: RunContext,
): Promise<NewArtifact[]> {
  const limiter = new Limiter(rootsAtATime);
  const roots = await Promise.all(
    artifacts.map((artifact) =>
      failures.attempt(describe(artifact), () => limiter.run(() => readRoot(artifact, run))),
    ),
  );
  return artifacts.flatMap((artifact, at) => {
    const root = roots[at];
    const earlier = records.filter(({ name }) => name === artifact.name);
    if (root === undefined || earlier.at(-1)?.digest === root.digest) return [];
    return [{ ...artifact, ...root, earlier }];
  });
}

/** An artifact as messages name it. */
export function describe({ name, artifact }: BatchArtifact): string {
  return `${name} (${artifact})`;
}

async function readRoot(
  { artifact }: BatchArtifact,
  run: RunContext,
): Promise<{ digest: Digest } & BatchPart> {
  const reference = parseReference(artifact);
  const root = await (await run.source(reference)).fetchTarget(targetOf(reference));
  return { digest: root.descriptor.digest, ...expectedOf(root, artifact) };
}

/** What the root alone tells of the archive. */
function expectedOf({ descriptor, bytes }: RawManifest, artifact: string): BatchPart {
  const content = parseManifest(bytes, descriptor.mediaType, artifact);
  const said = annotationKeys.readAnnotation(content.annotations, annotationKeys.layerSizeDeduplicated);
  return {
    images: Math.max(1, childManifests(content).length),
    bytes: said !== undefined && /^\d+$/.test(said) ? Number(said) : 0,
  };
}

/** How to plan. */
export interface PlanOptions {
  manifestJson: boolean;
  recursive: boolean;
}

/** Reads every manifest of an artifact and of its earlier states. @throws AceError what the registries answer */
export async function planArtifact(
  { artifact, digest, earlier }: NewArtifact,
  { manifestJson, recursive }: PlanOptions,
  run: RunContext,
): Promise<PlannedArtifact> {
  const { registry, repository, tag } = parseReference(artifact);
  const image = formatReference({ registry, repository, digest });
  const known = await readEarlier(earlier, recursive, run);
  const plan = await planArchive((skip) => openGraph(image, recursive, skip, run), {
    tag: tag ?? "latest",
    toolVersion: run.version,
    known,
    loadAs: manifestJson ? artifact : undefined,
  });
  const source = (await run.source({ registry, repository })).address;
  return { plan, blobSource: () => source };
}
