/** `mirror serialize`: a gather index and everything below it, out of a registry, as one stream. */

import type { MediumOptions } from "../archive/media/medium-options.ts";
import {
  type KnownBlobOptions,
  openGraph,
  readKnownBlobs,
  warnOfForeignCheckpoints,
} from "../archive/plan/known-blobs.ts";
import { type ArchiveContent, planArchive } from "../archive/plan/plan-archive.ts";
import { writePlan } from "../archive/write/write-plan.ts";
import { parseReference } from "../oci/reference.ts";
import type { RunContext } from "../run/run.ts";
import { checkDestination } from "../tape/medium/medium.ts";
import type { RunSummary } from "../ui/summary.ts";

export interface SerializeOptions extends MediumOptions, KnownBlobOptions {
  image: string;
  manifestJson: boolean;
}

/**
 * Reads every manifest first, so that a missing one is found before the first byte is written, then writes.
 * @throws AceError
 */
export async function serialize(options: SerializeOptions, run: RunContext): Promise<RunSummary> {
  const startedMs = performance.now();
  const reference = parseReference(options.image);
  const medium = checkDestination(options);
  run.pool.warmUp();
  run.status.phase = "reading manifests";
  const content: ArchiveContent = {
    tag: reference.tag ?? "latest",
    toolVersion: run.version,
    known: await readKnownBlobs(options, run),
    loadAs: options.manifestJson ? options.image : undefined,
  };
  const plan = await planArchive((skip) => openGraph(options.image, options.recursive, skip, run), content);
  warnOfForeignCheckpoints(options, plan, run);
  run.status.phase = "serializing";
  const source = (await run.source(reference)).address;
  const writing = { verb: "serialize", medium, blobSource: () => source, startedMs };
  return writePlan(plan, options, writing, run);
}
