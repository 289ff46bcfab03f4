/** Finds out what a line of the source list stands for now. */

import type { GraphSource } from "../content/read-graph.ts";
import type { Source } from "../lists/read-sources.ts";
import * as annotationKeys from "../oci/annotations.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { goJson } from "../oci/go-json.ts";
import type { PlatformChoice } from "../oci/platform-filter.ts";
import { parseReference } from "../oci/reference.ts";
import type { BlobOrigin } from "../registry/blob-origin.ts";
import type { Failures } from "../run/failures.ts";
import { type RunContext, targetOf } from "../run/run.ts";
import { choosePlatforms } from "./choose-platforms.ts";

/** One entry of the gather index to be. */
export interface GatherEntry {
  /** The source reference, verbatim. */
  reference: string;
  /** Where the blobs come from. */
  repository: BlobOrigin;
  /** Where the graph below `descriptor` is read: the repository, with rebuilt indexes that only we have. */
  graph: GraphSource;
  /** With the annotations that the index will carry. */
  descriptor: Descriptor;
}

/** Resolves every source, whatever becomes of the others, so that all that is wrong is known at once. What fails is left out. */
export async function resolveSources(
  sources: readonly Source[],
  choice: PlatformChoice,
  failures: Failures,
  run: RunContext,
): Promise<readonly GatherEntry[]> {
  const resolve = (source: Source) =>
    failures.attempt(source.reference, () => resolveSource(source, choice, run));
  const lists = await Promise.all(sources.map(resolve));
  return lists.flatMap((list) => list ?? []);
}

/**
 * Resolves a source with one HEAD. With platforms its manifests are read too, and the mode says what becomes of them: in
 * `original` mode each manifest for a wanted platform is an entry, else there is one.
 * @throws AceError `not-found` also when the image is for none of the platforms
 */
export async function resolveSource(
  source: Source,
  choice: PlatformChoice,
  run: RunContext,
): Promise<GatherEntry[]> {
  const reference = parseReference(source.reference);
  const repository = await run.source(reference);
  const image = await repository.resolve(targetOf(reference));
  const { descriptors, graph, unnamed } = await choosePlatforms(image, choice, repository, source.reference);
  if (unnamed > 0) {
    const what = unnamed === 1 ? "1 entry that names" : `${unnamed} entries that name`;
    run.ui.log("warn", `${source.reference}: ${what} no platform left out`);
  }
  return descriptors.map((descriptor) => ({
    reference: source.reference,
    repository,
    graph,
    descriptor: { ...descriptor, annotations: { ...descriptor.annotations, ...ownAnnotations(source) } },
  }));
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
