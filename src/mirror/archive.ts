/** `mirror archive`: the images of a list straight into an archive, with no repository in the middle. */

import type { BlobSource, MediumOptions } from "../archive/media/medium-options.ts";
import {
  type KnownBlobOptions,
  readKnownBlobs,
  warnOfForeignCheckpoints,
} from "../archive/plan/known-blobs.ts";
import type { ArchiveContent } from "../archive/plan/plan-archive.ts";
import { planGathered } from "../archive/plan/plan-gathered.ts";
import { writePlan } from "../archive/write/write-plan.ts";
import { AceError } from "../errors.ts";
import { dropRepeats } from "../gather/drop-repeats.ts";
import { sourceOf } from "../gather/gather-index.ts";
import type { GatherOptions } from "../gather/gather-options.ts";
import { resolveSources } from "../gather/resolve-source.ts";
import { readSources } from "../lists/read-sources.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { Failures, failuresError } from "../run/failures.ts";
import type { RunContext } from "../run/run.ts";
import { checkDestination } from "../tape/medium/medium.ts";
import type { RunSummary } from "../ui/summary.ts";

export interface ArchiveOptions extends Omit<GatherOptions, "image">, MediumOptions, KnownBlobOptions {
  /** What the gather index in the archive is called. */
  tag: string;
  manifestJson: boolean;
}

/**
 * Resolves every source and reads every manifest first, so that a missing one is found before the first byte is written, then
 * writes, with each blob straight from its own registry. The bytes are those of `gather` and `serialize`.
 * @throws AceError that lists all sources that cannot be had: an archive has all of them or is not begun
 */
export async function archive(options: ArchiveOptions, run: RunContext): Promise<RunSummary> {
  const startedMs = performance.now();
  const medium = checkDestination(options);
  const sources = dropRepeats(await readSources(options.sourcesFile), run);
  run.store.use();
  run.pool.warmUp();
  run.status.imagesTotal = sources.length;
  run.status.phase = "resolving sources";
  const failures = new Failures(run.signal);
  const [entries, known] = await Promise.all([
    resolveSources(sources, options, failures, run),
    readKnownBlobs(options, run),
  ]);
  throwFailures(failures, sources.length);
  run.status.phase = "reading manifests";
  const content: ArchiveContent = {
    tag: options.tag,
    toolVersion: run.version,
    known,
    loadAs: options.manifestJson ? options.tag : undefined,
  };
  const plan = await planGathered(entries, content, options, failures, run);
  throwFailures(failures, sources.length);
  warnOfForeignCheckpoints(options, plan, run);
  run.status.phase = "archiving";
  const addresses = new Map(entries.map(({ reference, repository }) => [reference, repository.address]));
  const blobSource: BlobSource = (entry: Descriptor) => {
    const address = addresses.get(sourceOf(entry) ?? "");
    if (address === undefined)
      throw new AceError("internal", `Cannot fetch blobs of ${entry.digest}: nothing says from where`);
    return address;
  };
  return writePlan(plan, options, { verb: "archive", medium, blobSource, startedMs }, run);
}

/** Nothing is written yet, so that what failed first is what the run ends with. */
function throwFailures({ list }: Failures, sources: number): void {
  const error = failuresError(list, 0, "Cannot archive", sources);
  if (error !== undefined) throw error;
}
