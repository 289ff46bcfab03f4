/** `mirror scatter`: the images of a gather index to the places a mapper names. */

import { type CheckResult, checkRoutes } from "../copy/check-routes.ts";
import { distribute } from "../copy/distribute.ts";
import { planScatter, type ScatterPlan, tellUnmatched, throwRefusals } from "../copy/plan-scatter.ts";
import { entriesOf } from "../gather/gathered-entries.ts";
import { readSources } from "../lists/read-sources.ts";
import { parseSelectors } from "../lists/selector.ts";
import { parseMapper } from "../mapping/parse-mapper.ts";
import { parseReference } from "../oci/reference.ts";
import { type RunContext, targetOf } from "../run/run.ts";
import type { RunSummary } from "../ui/summary.ts";

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
  for (const name of plan.absent)
    run.ui.log("warn", `${options.image} has no ${name}, which the subset names`);
  return plan;
}
