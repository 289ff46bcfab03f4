/** Plans the archive of a gather index that no registry has: the one that gather would push, made in memory. */
import { readAhead } from "../../async/read-ahead.ts";
import { GraphReading, rememberedManifests } from "../../content/read-graph.ts";
import { GraphNode } from "../../content/walk.ts";
import { AceError } from "../../errors.ts";
import { buildGatherIndex } from "../../gather/build-gather-index.ts";
import { LayerSum, sourceOf } from "../../gather/gather-index.ts";
import type { GatherOptions } from "../../gather/gather-options.ts";
import type { GatherEntry } from "../../gather/resolve-source.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { childManifests, manifestLimitBytes, parseManifest, type RawManifest } from "../../oci/manifest.ts";
import type { Failures } from "../../run/failures.ts";
import type { RunContext } from "../../run/run.ts";
import { formatBytes } from "../../ui/format.ts";
import type { ArchivePlan } from "./archive-plan.ts";
import { type ArchiveContent, Planning } from "./plan-archive.ts";

/** How to read, and what stands in the index besides the entries. */
export type PlanGatheredOptions = Pick<GatherOptions, "annotations" | "indexFallback" | "recursive">;

/**
 * Reads every graph once, in the order of the archive, and keeps none: the index, which comes first in the archive, says how large
 * they are all together.
 * @param failures takes every image that cannot be read; then the plan is of no use
 * @throws AceError `input` when the index would be larger than any reader takes
 */
export async function planGathered(
  entries: readonly GatherEntry[],
  content: ArchiveContent,
  options: PlanGatheredOptions,
  failures: Failures,
  run: RunContext,
): Promise<ArchivePlan> {
  const planning = new Planning(content);
  const sum = new LayerSum();
  const index = () => buildGatherIndex(entries, options, sum.sizes, run.version);
  // As whoever reads the archive finds them, in that order. Only the sums are not right yet.
  const children = childManifests(contentOf(index()));
  const sources = new Map(entries.map((entry) => [entry.reference, entry]));
  const read = (descriptor: Descriptor) => {
    const reference = sourceOf(descriptor) ?? "";
    return failures.attempt(reference, () => readEntry(descriptor, sources.get(reference), options, run));
  };
  for await (const node of readAhead(children, read)) {
    if (node === undefined) continue;
    sum.add(node);
    planning.add(node, true);
  }
  const raw = index();
  if (raw.bytes.length > manifestLimitBytes) {
    throw new AceError(
      "input",
      `Cannot archive ${entries.length} images under one index: it has ${formatBytes(raw.bytes.length)}, more than ${formatBytes(manifestLimitBytes)} are not read`,
      { hint: "Make several archives of parts of the list." },
    );
  }
  return planning.close(new GraphNode(raw.descriptor, raw, contentOf(raw), [], [], [], []), children.length);
}

function readEntry(
  descriptor: Descriptor,
  source: GatherEntry | undefined,
  { recursive }: PlanGatheredOptions,
  { signal }: RunContext,
): Promise<GraphNode> {
  if (source === undefined)
    throw new AceError("internal", `Cannot read ${descriptor.digest}: nothing says where it comes from`);
  const { graph, repository } = source;
  return new GraphReading(graph, { recursive, name: repository.name, signal }, rememberedManifests).node(
    descriptor,
  );
}

function contentOf({ bytes, descriptor }: RawManifest) {
  return parseManifest(bytes, descriptor.mediaType, "the gather index");
}
