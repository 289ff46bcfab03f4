/** `mirror clone`: the images of a list straight to the places a mapper names, with no registry in the middle. */

import { type CheckResult, checkRoutes } from "../copy/check-routes.ts";
import { distribute, firstFailure } from "../copy/distribute.ts";
import { planScatter, type ScatterPlan, tellUnmatched, throwRefusals } from "../copy/plan-scatter.ts";
import { AceError } from "../errors.ts";
import { dropRepeats } from "../gather/drop-repeats.ts";
import { resolveSource } from "../gather/resolve-source.ts";
import { readSources, type Source } from "../lists/read-sources.ts";
import { parseSelectors } from "../lists/selector.ts";
import { parseMapper } from "../mapping/parse-mapper.ts";
import type { PlatformChoice } from "../oci/platform-filter.ts";
import type { Failure } from "../run/failures.ts";
import { type RunContext, stoppedError } from "../run/run.ts";
import type { RunSummary } from "../ui/summary.ts";

export interface CloneOptions extends PlatformChoice {
  sourcesFile: string;
  /** `MAP-TYPE=MAP-ARG`. */
  mapper: string;
  selectors: string[];
  recursive: boolean;
}

/** What would go where, and how much of it would move; pushes nothing. @throws AceError when it cannot begin */
export async function checkClone(options: CloneOptions, run: RunContext): Promise<CheckResult> {
  const { plan, failures } = await openPlan(options, true, run);
  return checkRoutes(plan, failures, { verb: "clone", recursive: options.recursive }, run);
}

/**
 * Copies every image to all its places; each blob is read once, however many of them need it.
 * @param keepGoing one that fails stops no other
 * @throws AceError the first failure; when it keeps going `partial` with the list of failures, also when none is done
 */
export async function clone(options: CloneOptions, keepGoing: boolean, run: RunContext): Promise<RunSummary> {
  const { plan, failures } = await openPlan(options, keepGoing, run);
  throwRefusals(plan.refused, "clone");
  const { recursive } = options;
  try {
    return await distribute(plan.routes, { verb: "clone", recursive, keepGoing, failures }, run);
  } catch (error) {
    if (!keepGoing || run.signal.aborted || !(error instanceof AceError)) throw error;
    const { message, cause, details, hint } = error;
    throw new AceError("partial", message, { cause, details, ...(hint === undefined ? {} : { hint }) });
  }
}

/** Asks for every source that the selectors take, and maps it as if it had been gathered. */
async function openPlan(
  options: CloneOptions,
  keepGoing: boolean,
  run: RunContext,
): Promise<{ plan: ScatterPlan; failures: Failure[] }> {
  run.store.use();
  const selector = parseSelectors(options.selectors);
  const [mapper, sources] = await Promise.all([
    parseMapper(options.mapper),
    readSources(options.sourcesFile),
  ]);
  run.status.phase = "resolving sources";
  const failures: Failure[] = [];
  const chosen = dropRepeats(sources, run).filter(({ labels }) => selector(labels));
  const resolve = async (source: Source) => {
    try {
      return await resolveSource(source, options, run);
    } catch (error) {
      if (run.signal.aborted) throw stoppedError(run.signal);
      const failure = { name: source.reference, error };
      if (!keepGoing) throw firstFailure(failure, "clone");
      failures.push(failure);
      return [];
    }
  };
  const entries = (await Promise.all(chosen.map(resolve))).flat();
  const plan = planScatter(entries, { mapper, selector, subset: undefined });
  tellUnmatched(plan, run);
  return { plan, failures };
}
