/** Brings images to their places: what scatter and clone do once it is decided what goes where. */
import { Limiter } from "../async/limiter.ts";
import { walkGraph } from "../content/walk.ts";
import { AceError, type ErrorCode } from "../errors.ts";
import { formatReference } from "../oci/reference.ts";
import { type Failure, failuresError } from "../run/failures.ts";
import { type RunContext, stoppedError } from "../run/run.ts";
import type { RunSummary } from "../ui/summary.ts";
import { type BlobSender, BlobTransfer } from "./blob-transfer.ts";
import { type CopyMemo, copyGraph, copyTagged, expectGraph, type GraphCopy } from "./copy-graph.ts";
import type { Route } from "./plan-scatter.ts";
import { type RouteState, RouteStates } from "./route-state.ts";

/** An archive that images come from, in place of repositories. */
export interface ArchiveOrigin {
  sender: BlobSender;
  /** Looks for what the archive lacks where the images go; an error for each that cannot be completed. */
  review(states: readonly RouteState[]): Promise<ReadonlyMap<RouteState, AceError>>;
}

/** How to go about it. */
export interface DistributeOptions {
  verb: "scatter" | "clone" | "unarchive";
  /** Referrers too. */
  recursive: boolean;
  /** False: the first failure ends the run. */
  keepGoing: boolean;
  /** What has failed before there were routes. */
  failures: readonly Failure[];
  /** Set for an archive. One that turns out to be damaged ends the run, and nothing is tagged: tags come last. */
  archive?: ArchiveOrigin;
}

const phases = { scatter: "scattering", clone: "cloning", unarchive: "unarchiving" } as const;

/** Errors that say that an archive's bytes are wrong, or cannot be read. */
const damage: readonly ErrorCode[] = ["digest", "medium"];

/** Images that are worked on at the same time; their blobs share the pool. */
export const imagesAtOnce = 32;

/**
 * Copies every image to all its places. All graphs are read first, so that each blob is read once for all who need it.
 * @throws AceError the first failure, with what it happened to; or, when the run keeps going, the list of them: `partial` when
 *   some images are done, else the code of the first
 */
export async function distribute(
  routes: readonly Route[],
  options: DistributeOptions,
  run: RunContext,
): Promise<RunSummary> {
  const started = performance.now();
  const work = new Distribution(options, run);
  run.status.imagesTotal = routes.length;
  run.status.phase = "reading manifests";
  const states = await work.survey(routes);
  run.status.phase = phases[options.verb];
  await work.copy(states);
  const done = run.status.imagesDone;
  const there = states.filter(({ complete }) => complete).length;
  const summary: RunSummary = {
    verb: options.verb,
    images: done,
    ...work.transfer.totals,
    seconds: (performance.now() - started) / 1000,
    ...(there === 0 ? {} : { notes: [`${there} of ${routes.length} were there already`] }),
  };
  const error = failuresError(work.failures, done, `Cannot ${options.verb}`);
  if (error === undefined) return summary;
  run.ui.finish(summary);
  throw error;
}

/**
 * Looks at both ends of every route, and pushes nothing.
 * @returns how many images could be brought, or are there
 * @throws AceError as {@link distribute}
 */
export async function rehearse(
  routes: readonly Route[],
  options: DistributeOptions,
  run: RunContext,
): Promise<number> {
  const work = new Distribution(options, run);
  const states = await work.survey(routes);
  const error = failuresError(work.failures, states.length, `Cannot ${options.verb}`);
  if (error !== undefined) throw error;
  return states.length;
}

/** What a user knows a route by. */
export function routeName({ entry, target }: Route): string {
  return `${entry.reference} -> ${formatReference(target)}`;
}

class Distribution {
  readonly transfer: BlobTransfer;
  readonly failures: Failure[];
  readonly #options: DistributeOptions;
  readonly #run: RunContext;
  readonly #memo: CopyMemo = new Map();

  constructor(options: DistributeOptions, run: RunContext) {
    this.#options = options;
    this.#run = run;
    this.failures = [...options.failures];
    this.transfer = new BlobTransfer(run, options.archive?.sender);
  }

  /** Looks at both ends of every route, and tells the transfer who has and who needs which blob. */
  async survey(routes: readonly Route[]): Promise<RouteState[]> {
    const states = new RouteStates(this.#options.recursive, this.#run);
    const surveyed = await this.#each(
      routes,
      (route) => route,
      (route) => states.of(route),
    );
    for (const state of surveyed) {
      const { node, target, complete } = state;
      if (!complete) expectGraph(node, this.#copyOf(state));
      else {
        for (const step of walkGraph(node))
          if (step.kind === "blob") this.transfer.holds(step.descriptor, target.address);
      }
    }
    const lacking = (await this.#options.archive?.review(surveyed)) ?? new Map<RouteState, AceError>();
    for (const [{ route }, error] of lacking) this.failures.push({ name: routeName(route), error });
    return surveyed.filter((state) => !lacking.has(state));
  }

  async copy(states: readonly RouteState[]): Promise<void> {
    const brought = await this.#each(
      states,
      ({ route }) => route,
      async (state) => {
        if (!state.complete) await this.#bring(state);
        if (this.#options.archive === undefined) this.#run.status.imagesDone++;
        return state;
      },
    );
    if (this.#options.archive !== undefined) await this.#tag(brought);
  }

  #bring(state: RouteState): Promise<void> {
    const tag = tagOf(state);
    const copy = this.#copyOf(state);
    return tag === undefined || this.#options.archive !== undefined
      ? copyGraph(state.node, copy)
      : copyTagged(state.node, tag, state.there, copy);
  }

  async #tag(states: readonly RouteState[]): Promise<void> {
    await this.#each(
      states,
      ({ route }) => route,
      async (state) => {
        const tag = tagOf(state);
        if (tag !== undefined && !state.there) await state.target.pushManifest(state.node.raw, tag);
        this.#run.status.imagesDone++;
      },
    );
  }

  #copyOf({ route, target }: RouteState): GraphCopy {
    return { source: route.entry.repository, target, transfer: this.transfer, memo: this.#memo };
  }

  /** Does the work for every item. A failure ends it all, or is noted and leaves its item out of the result. */
  async #each<Item, Result>(
    items: readonly Item[],
    routeOf: (item: Item) => Route,
    work: (item: Item) => Promise<Result>,
  ): Promise<Result[]> {
    const limiter = new Limiter(imagesAtOnce);
    const results = await Promise.all(
      items.map((item) =>
        limiter.run(async () => {
          try {
            return [await work(item)];
          } catch (error) {
            if (this.#run.signal.aborted) throw stoppedError(this.#run.signal);
            const name = routeName(routeOf(item));
            if (this.#options.archive !== undefined && isDamage(error))
              throw error.withDetails(`This ended the run, at ${name}. Nothing is tagged.`);
            if (!this.#options.keepGoing) throw firstFailure({ name, error }, this.#options.verb);
            this.failures.push({ name, error });
            return [];
          }
        }),
      ),
    );
    return results.flat();
  }
}

/** Undefined for an image that goes to its place by digest. */
function tagOf({ route }: RouteState): string | undefined {
  return route.target.digest === undefined ? route.target.tag : undefined;
}

function isDamage(error: unknown): error is AceError {
  return error instanceof AceError && damage.includes(error.code);
}

/** The failure that ends a run. What else is under way ends with the run's threads. */
export function firstFailure({ name, error }: Failure, verb: string): unknown {
  return error instanceof AceError
    ? error.withDetails(`This ended the ${verb}, at ${name}.`, { kind: "other-images" })
    : error;
}
