/** Decides which image goes where, for scatter and clone, before anything is pushed. */

import { AceError, type AceErrorOptions } from "../errors.ts";
import { labelsOf } from "../gather/gather-index.ts";
import type { GatherEntry } from "../gather/resolve-source.ts";
import type { Selector } from "../lists/selector.ts";
import type { Mapper } from "../mapping/mapper.ts";
import { readDestination } from "../mapping/read-destination.ts";
import * as annotationKeys from "../oci/annotations.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import type { RunContext } from "../run/run.ts";

/** One image on its way to one place. */
export interface Route {
  entry: GatherEntry;
  /** As the mapper wrote it. */
  destination: string;
  target: Reference;
}

/** Something that cannot be pushed, and why. */
export interface Refusal {
  entry: GatherEntry;
  /** Empty when the mapper itself failed. */
  destination: string;
  /** `input`; the message is only the reason when the destination is at fault, whole when the mapper is. */
  error: AceError;
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
  refused: readonly Refusal[];
  /** Sources that the mapper has no destination for. */
  unmatched: readonly string[];
  /** References of the subset that no entry has. */
  absent: readonly string[];
}

/**
 * Asks the mapper about every chosen image. Whatever cannot be pushed is refused: a destination that is no reference, one with a
 * digest that is not the image's, and one that two different images would get.
 * @param entries annotated as in a gather index
 */
export function planScatter(entries: readonly GatherEntry[], rules: ScatterRules): ScatterPlan {
  const routes: Route[] = [];
  const refused: Refusal[] = [];
  const unmatched: string[] = [];
  const taken = new Map<string, GatherEntry>();
  const chosen = entries.filter(
    ({ reference, descriptor }) =>
      (rules.subset?.has(reference) ?? true) && rules.selector(labelsOf(descriptor)),
  );
  for (const entry of chosen) {
    const destinations = destinationsOf(entry, rules.mapper, refused);
    if (destinations?.length === 0) unmatched.push(entry.reference);
    for (const destination of destinations ?? []) {
      const route = routeTo(entry, destination, taken);
      if ("error" in route) refused.push(route);
      else routes.push(route);
    }
  }
  const sources = new Set(entries.map(({ reference }) => reference));
  const absent = [...(rules.subset ?? [])].filter((source) => !sources.has(source));
  return { routes, refused, unmatched, absent };
}

/** Undefined when the mapper fails, as a template may. */
function destinationsOf(
  entry: GatherEntry,
  mapper: Mapper,
  refused: Refusal[],
): readonly string[] | undefined {
  try {
    return mapper.destinations(entry.descriptor, entry.reference);
  } catch (error) {
    if (!(error instanceof AceError)) throw error;
    refused.push({ entry, destination: "", error });
    return undefined;
  }
}

/**
 * Two images under one tag: the second would silently replace the first. A digest must be the image's own; that of the index
 * which a rebuilt one was made from stands for the rebuilt one, since sources named by digest have no other name.
 */
function routeTo(entry: GatherEntry, destination: string, taken: Map<string, GatherEntry>): Route | Refusal {
  const refuse = (why: string, options?: AceErrorOptions): Refusal => ({
    entry,
    destination,
    error: new AceError("input", why, options),
  });
  const checked = readDestination(destination);
  if ("problem" in checked) return refuse(checked.problem);
  const { digest, annotations } = entry.descriptor;
  const isOrigin =
    checked.target.digest !== undefined &&
    checked.target.digest === annotations?.[annotationKeys.sourceDigest];
  const target = isOrigin ? { ...checked.target, digest } : checked.target;
  if (target.digest !== undefined && target.digest !== digest) {
    return refuse(`the image's digest is ${digest}`);
  }
  if (target.digest === undefined && target.tag !== undefined) {
    const place = formatReference(target);
    const other = taken.get(place);
    if (other !== undefined && other.descriptor.digest !== digest) {
      return other.reference === entry.reference
        ? refuse("another platform of the same source goes there too", {
            hint: { kind: "keep-platforms-together" },
          })
        : refuse(`${other.reference} goes there too, and is another image`);
    }
    taken.set(place, entry);
  }
  return { entry, destination, target };
}

/**
 * Ends a run that would push only some of what it should.
 * @param verb `scatter` or `clone`
 * @throws AceError `input` that lists all that is refused, not just the first
 */
export function throwRefusals(refused: readonly Refusal[], verb: string): void {
  const [first] = refused;
  if (first === undefined) return;
  const failing = refused.find(({ destination }) => destination === "");
  if (failing !== undefined) {
    const others = refused.length - 1;
    throw failing.error.withDetails(
      `while mapping ${failing.entry.reference}`,
      ...(others === 0 ? [] : [{ kind: "list-destinations", unsaid: others } as const]),
    );
  }
  const advised = refused.find(({ error }) => error.hint !== undefined);
  throw new AceError(
    "input",
    `Cannot ${verb}: the mapper makes ${refused.length} destination${refused.length === 1 ? "" : "s"} that nothing can be pushed to`,
    {
      details: refused.map(
        ({ entry, destination, error }) => `${entry.reference} -> ${destination}: ${error.message}`,
      ),
      hint: advised?.error.hint ?? { kind: "mend-mapper" },
    },
  );
}

/** Says which images stay where they are. */
export function tellUnmatched(plan: ScatterPlan, run: RunContext): void {
  for (const name of plan.unmatched) run.ui.log("info", `no destination for ${name}`);
}
