/** Writes a planned archive and counts what it came to: what serialize and archive share once they know what goes in. */
import type { RunContext } from "../../run/run.ts";
import type { RunSummary } from "../../ui/summary.ts";
import type { MediumOptions, WriteArchiveOptions } from "../media/medium-options.ts";
import type { ArchivePlan } from "../plan/archive-plan.ts";
import { writeArchive } from "./write-archive.ts";

/** What the plan's maker knows besides. */
export interface PlanWriting extends Pick<WriteArchiveOptions, "medium" | "blobSource"> {
  verb: string;
  /** `performance.now()` when the run began. */
  startedMs: number;
}

/**
 * Writes the archive that a plan describes.
 * @throws AceError what writing throws
 */
export async function writePlan(
  plan: ArchivePlan,
  options: MediumOptions,
  { verb, medium, blobSource, startedMs }: PlanWriting,
  run: RunContext,
): Promise<RunSummary> {
  const { size } = plan;
  const { status } = run;
  status.imagesTotal = plan.imageCount;
  status.blobsTotal = size.blobs;
  status.blobsSkipped = size.knownBlobs;
  status.bytesSkipped = size.knownBytes;
  const { moved, notes } = await writeArchive(plan, { ...options, medium, blobSource }, run);
  status.imagesDone = status.imagesTotal;
  return {
    verb,
    images: status.imagesTotal,
    blobs: size.blobs,
    bytesMoved: moved,
    blobsSkipped: size.knownBlobs,
    bytesSkipped: size.knownBytes,
    blobsMounted: 0,
    bytesMounted: 0,
    seconds: (performance.now() - startedMs) / 1000,
    notes,
  };
}
