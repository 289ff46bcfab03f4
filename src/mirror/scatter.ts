/** `mirror scatter`: the images of a gather index to the places a mapper names. */

import { readSources } from "../lists/read-sources.ts";
import { parseSelectors } from "../lists/selector.ts";
import { parseMapper } from "../mapping/parse-mapper.ts";
import * as annotationKeys from "../oci/annotations.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { childManifests, parseManifest, type RawManifest } from "../oci/manifest.ts";
import { isIndexType } from "../oci/media-types.ts";
import { parseReference } from "../oci/reference.ts";
import type { RunSummary } from "../ui/summary.ts";
import { type CheckResult, checkRoutes } from "./distributing/check-routes.ts";
import { distribute } from "./distributing/distribute.ts";
import { planScatter, type ScatterPlan, throwRefusals } from "./distributing/plan-scatter.ts";
import { sourceOf } from "./gathering/gather-index.ts";
import type { GatherEntry } from "./gathering/resolve-source.ts";
import { type RunContext, targetOf } from "./run.ts";

export interface ScatterOptions {
  image: string;
  /** `MAP-TYPE=MAP-ARG`. */
  mapper: string;
  selectors: string[];
  /** A source list: only these. */
  subset?: string;
  recursive: boolean;
}

/** What would go where, and how much of it would move; pushes nothing. @throws AceError when it cannot begin */
export async function checkScatter(options: ScatterOptions, run: RunContext): Promise<CheckResult> {
  const plan = await openPlan(options, run);
  return checkRoutes(plan, [], { verb: "scatter", recursive: options.recursive }, run);
}

/**
 * Copies every image to all its places. One that fails stops no other.
 * @throws AceError `partial` with the list of failures when some images are done; the first failure when none is
 */
export async function scatter(options: ScatterOptions, run: RunContext): Promise<RunSummary> {
  const plan = await openPlan(options, run);
  throwRefusals(plan.refused, "scatter");
  const { recursive } = options;
  return distribute(plan.routes, { verb: "scatter", recursive, keepGoing: true, failures: [] }, run);
}

async function openPlan(options: ScatterOptions, run: RunContext): Promise<ScatterPlan> {
  const [mapper, subset] = await Promise.all([
    parseMapper(options.mapper),
    options.subset === undefined ? undefined : readSources(options.subset),
  ]);
  const selector = parseSelectors(options.selectors);
  const reference = parseReference(options.image);
  const repository = await run.source(reference);
  const root = await repository.fetchTarget(targetOf(reference));
  const entries = entriesOf(root, options.image, { repository, graph: repository });
  const plan = planScatter(entries, {
    mapper,
    selector,
    subset: subset === undefined ? undefined : new Set(subset.map((line) => line.reference)),
  });
  tellUnmatched(plan, run);
  for (const name of plan.absent) run.ui.log("warn", `${options.image} has no ${name}, which --subset names`);
  return plan;
}

/** Says which images stay where they are. */
export function tellUnmatched(plan: ScatterPlan, run: RunContext): void {
  for (const name of plan.unmatched) run.ui.log("info", `no destination for ${name}`);
}

/**
 * What an index gathers; a plain image stands for itself.
 * @param image the name by which the plain image goes
 * @param origin where it is read
 */
export function entriesOf(
  root: RawManifest,
  image: string,
  origin: Pick<GatherEntry, "repository" | "graph">,
): GatherEntry[] {
  return descriptorsOf(root, image).map((descriptor) => ({
    ...origin,
    reference: sourceOf(descriptor) ?? "",
    descriptor,
  }));
}

function descriptorsOf(root: RawManifest, image: string): readonly Descriptor[] {
  const content = parseManifest(root.bytes, root.descriptor.mediaType, image);
  const children = childManifests(content);
  if (isIndexType(content.mediaType) && children.some((child) => sourceOf(child) !== undefined))
    return children;
  const annotations = { ...content.annotations, [annotationKeys.manifestSource]: image };
  return [{ ...root.descriptor, annotations }];
}
