/** Decides which image of a gather index goes where, before anything is pushed. */

import { AceError } from "../errors.ts";
import type { Selector } from "../lists/selector.ts";
import { checkDestinations } from "../mapping/check-destinations.ts";
import type { Mapper } from "../mapping/mapper.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import { labelsOf, sourceOf } from "./gather-index.ts";

/** One image on its way to one place. */
export interface Route {
  /** The reference the image was gathered from. */
  source: string;
  descriptor: Descriptor;
  /** As the mapper wrote it. */
  destination: string;
  target: Reference;
}

/** Which images are meant, and where they go. */
export interface ScatterRules {
  mapper: Mapper;
  selector: Selector;
  /** Only these source references; undefined means all. */
  subset: ReadonlySet<string> | undefined;
}

/** The routes, and what is left out. */
export interface ScatterPlan {
  routes: readonly Route[];
  /** Sources that the mapper has no destination for. */
  unmatched: readonly string[];
  /** References of the subset that the index does not have. */
  absent: readonly string[];
}

/**
 * @param entries the manifests of the gather index, nested ones included
 * @throws AceError `input` when destinations are no references, or two different images would get the same tag
 */
export function planScatter(entries: readonly Descriptor[], rules: ScatterRules): ScatterPlan {
  const chosen = entries
    .map((descriptor) => ({ descriptor, source: sourceOf(descriptor) ?? "" }))
    .filter(
      ({ descriptor, source }) => (rules.subset?.has(source) ?? true) && rules.selector(labelsOf(descriptor)),
    );
  const mapped = chosen.map(({ descriptor, source }) => ({
    descriptor,
    source,
    destinations: rules.mapper.destinations(descriptor, source),
  }));
  checkDestinations(mapped);
  const routes = mapped.flatMap(({ descriptor, source, destinations }) =>
    destinations.map((destination) => ({
      source,
      descriptor,
      destination,
      target: parseReference(destination),
    })),
  );
  checkConflicts(routes);
  const sources = new Set(entries.map(sourceOf));
  return {
    routes,
    unmatched: mapped.filter(({ destinations }) => destinations.length === 0).map(({ source }) => source),
    absent: [...(rules.subset ?? [])].filter((source) => !sources.has(source)),
  };
}

/** Two images under one tag: the second would silently replace the first. A digest must be the image's own. */
function checkConflicts(routes: readonly Route[]): void {
  const taken = new Map<string, Route>();
  const problems: string[] = [];
  for (const route of routes) {
    const { target, descriptor, source, destination } = route;
    if (target.digest !== undefined && target.digest !== descriptor.digest) {
      problems.push(`${source} -> ${destination}: the image's digest is ${descriptor.digest}`);
    }
    const other = taken.get(destination);
    if (other !== undefined && other.descriptor.digest !== descriptor.digest && target.digest === undefined) {
      problems.push(`${source} -> ${destination}: ${other.source} goes there too, and is another image`);
    }
    taken.set(destination, route);
  }
  if (problems.length === 0) return;
  throw new AceError("input", `Cannot scatter: ${problems.length} destinations contradict each other`, {
    details: problems,
    hint: "Nothing was pushed. Mend the mapper; --check shows what it makes.",
  });
}
