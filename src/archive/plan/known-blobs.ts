/** Which blobs the other side has already, so that an archive can leave them out. */

import { DigestSet } from "../../collections/digest-set.ts";
import { type GraphStream, streamGraph, streamSteps } from "../../content/stream-graph.ts";
import { ledgerEntries, readLedger } from "../../format/ledger.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseReference } from "../../oci/reference.ts";
import { type RunContext, targetOf } from "../../run/run.ts";

/** The arguments and flags of serialize and archive that say so. */
export interface KnownBlobOptions {
  /** Images whose blobs the other side has. */
  existing: string[];
  existingFromCheckpoints: { file: string; offset: number }[];
  /** With what refers to them. */
  recursive: boolean;
}

/**
 * Blobs of EXISTING images, and those that a checkpoint says are safely on a medium.
 * @throws AceError what the registries answer; a checkpoint that cannot be read
 */
export async function readKnownBlobs(options: KnownBlobOptions, run: RunContext): Promise<DigestSet> {
  const known = new DigestSet();
  const images = options.existing.map(async (image) => {
    const seen = new DigestSet();
    const graph = await openGraph(image, options.recursive, (digest) => seen.has(digest), run);
    for await (const step of streamSteps(graph, seen)) {
      if (step.kind === "blob") known.add(step.descriptor.digest);
    }
  });
  const checkpoints = options.existingFromCheckpoints.map(async ({ file, offset }) => {
    const ledger = await readLedger(file, offset);
    for (const notice of ledger.notices) run.ui.log("warn", notice);
    if (ledger.digests.size === 0) run.ui.log("warn", await whyNothing(file, offset));
    for (const digest of ledger.digests) known.add(digest);
  });
  await Promise.all([...images, ...checkpoints]);
  return known;
}

/**
 * Says so when the checkpoints are of no use to an archive: then they are most likely those of another one.
 * @param plan of the archive, with {@link readKnownBlobs} left out
 */
export function warnOfForeignCheckpoints(
  options: KnownBlobOptions,
  plan: { size: { knownBlobs: number } },
  run: RunContext,
): void {
  if (options.existingFromCheckpoints.length === 0 || plan.size.knownBlobs > 0) return;
  const files = options.existingFromCheckpoints.map(({ file }) => file).join(", ");
  run.ui.log(
    "warn",
    `no blob of these images is in ${files}: nothing is left out. Is it the checkpoint of another archive?`,
  );
}

/** Why a checkpoint that was read to an offset says nothing. */
async function whyNothing(file: string, offset: number): Promise<string> {
  for await (const first of ledgerEntries(file, () => undefined))
    return `checkpoint ${file}: its first entry ends at byte ${first.offset}, behind byte ${offset}: nothing is left out`;
  return `checkpoint ${file} is empty: nothing is left out`;
}

/**
 * The graph below a reference, opened.
 * @param skip manifests that need not be read again
 * @throws AceError what the registry answers
 */
export async function openGraph(
  image: string,
  recursive: boolean,
  skip: (digest: Digest) => boolean,
  run: RunContext,
): Promise<GraphStream> {
  const reference = parseReference(image);
  const repository = await run.source(reference);
  const { descriptor } = await repository.fetchTarget(targetOf(reference));
  const options = { recursive, name: repository.name, signal: run.signal };
  return streamGraph(descriptor, repository, options, skip);
}
