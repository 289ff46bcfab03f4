/** What earlier archives of a name have brought over: their blobs are left out of the next. */

import { openGraph } from "../archive/plan/known-blobs.ts";
import { DigestSet } from "../collections/digest-set.ts";
import { streamSteps } from "../content/stream-graph.ts";
import { AceError } from "../errors.ts";
import type { SerializedRecord } from "../lists/batch-records.ts";
import { formatReference, parseReference } from "../oci/reference.ts";
import type { RunContext } from "../run/run.ts";

/**
 * Reads the graphs of all earlier artifacts of one name, each by its digest, for a tag may have moved. What a registry has thrown away
 * since is not known any more, and goes over again.
 * @param records of one name
 * @returns the digests of their blobs
 * @throws AceError what the registries answer, but for `not-found`
 */
export async function readEarlier(
  records: readonly SerializedRecord[],
  recursive: boolean,
  run: RunContext,
): Promise<DigestSet> {
  const known = new DigestSet();
  // One after the other, so that what they share is asked for once; each is read with many requests at a time.
  const seen = new DigestSet();
  for (const record of records) {
    const { registry, repository } = parseReference(record.artifact);
    const image = formatReference({ registry, repository, digest: record.digest });
    try {
      const graph = await openGraph(image, recursive, (digest) => seen.has(digest), run);
      for await (const step of streamSteps(graph, seen)) {
        if (step.kind === "blob") known.add(step.descriptor.digest);
      }
    } catch (error) {
      if (!(error instanceof AceError) || error.code !== "not-found") throw error;
      run.ui.log(
        "warn",
        `what ${record.file} brought over is serialized again where it is needed: the registry has not all of ${image} any more`,
      );
    }
  }
  return known;
}
