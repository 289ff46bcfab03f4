/** `--check` of scatter and clone: what would go where, and how much of it would move. Pushes nothing. */
import { Limiter } from "../async/limiter.ts";
import { type GraphNode, walkGraph } from "../content/walk.ts";
import { AceError, messageOf } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Repository } from "../registry/repository.ts";
import type { Failure } from "../run/failures.ts";
import { type RunContext, stoppedError } from "../run/run.ts";
import { registryOf } from "./blob-transfer.ts";
import { type ArchiveOrigin, imagesAtOnce } from "./distribute.ts";
import type { Route, ScatterPlan } from "./plan-scatter.ts";
import { type RouteState, RouteStates } from "./route-state.ts";

/** One image and one of its places. */
export interface CheckRow {
  source: string;
  /** Empty when it is not known. */
  destination: string;
  /** Undefined when the source could not be asked. */
  digest: Digest | undefined;
  /** Of blobs and manifests that would move; undefined when it is not known. */
  bytes: number | undefined;
  /** The manifest is there and, when a tag is asked for, under that tag. */
  there: boolean;
  /** What is wrong; undefined for what can be pushed. */
  problem: string | undefined;
}

/** All rows, sorted by source and destination, and what the check ends with: the class of the first problem. */
export interface CheckResult {
  rows: readonly CheckRow[];
  error: AceError | undefined;
}

/** How to check. */
export interface CheckOptions {
  verb: string;
  /** Referrers too. */
  recursive: boolean;
  /** Set for an archive, which may lack something. */
  archive?: ArchiveOrigin;
}

/**
 * Checks a plan to its end, whatever is wrong on the way.
 * @param failures sources that could not be asked
 * @throws AceError only when the run is stopped
 */
export async function checkRoutes(
  plan: ScatterPlan,
  failures: readonly Failure[],
  options: CheckOptions,
  run: RunContext,
): Promise<CheckResult> {
  run.status.imagesTotal = plan.routes.length;
  run.status.phase = "looking at destinations";
  const work = new Check(options, run);
  const found: { row: CheckRow; error: unknown }[] = [
    ...failures.map(({ name, error }) => problemRow(name, "", undefined, error)),
    ...plan.refused.map(({ entry, destination, error }) =>
      problemRow(entry.reference, destination, entry.descriptor.digest, error),
    ),
    ...(await work.rows(plan.routes)),
  ];
  const keyOf = ({ row }: (typeof found)[number]) => `${row.source} ${row.destination} ${row.digest}`;
  found.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
  return { rows: found.map(({ row }) => row), error: errorOf(found, options.verb) };
}

function errorOf(found: readonly { row: CheckRow; error: unknown }[], verb: string): AceError | undefined {
  const wrong = found.filter(({ row }) => row.problem !== undefined);
  const cause = wrong[0]?.error;
  if (wrong.length === 0) return undefined;
  return new AceError(
    cause instanceof AceError ? cause.code : "internal",
    `Cannot ${verb} all of it: ${wrong.length} of ${found.length} rows have a problem`,
    { cause, hint: "Nothing was pushed. The rows say what is wrong." },
  );
}

function problemRow(source: string, destination: string, digest: Digest | undefined, error: unknown) {
  const row: CheckRow = {
    source,
    destination,
    digest,
    bytes: undefined,
    there: false,
    problem: messageOf(error),
  };
  return { row, error };
}

/** A blob that one repository of a registry has to get; all others of that registry mount it. */
interface Claim {
  state: RouteState;
  blob: Descriptor;
}

class Check {
  readonly #options: CheckOptions;
  readonly #run: RunContext;
  readonly #limiter = new Limiter(imagesAtOnce);
  readonly #manifests = new Map<string, Promise<boolean>>();
  readonly #problems = new Map<Route, unknown>();
  readonly #bytes = new Map<Route, number>();

  constructor(options: CheckOptions, run: RunContext) {
    this.#options = options;
    this.#run = run;
  }

  async rows(routes: readonly Route[]): Promise<{ row: CheckRow; error: unknown }[]> {
    const reading = new RouteStates(this.#options.recursive, this.#run);
    const known = new Map<Route, RouteState>();
    await Promise.all(
      routes.map((route) => this.#attempt(route, async () => known.set(route, await reading.of(route)))),
    );
    const states = routes.flatMap((route) => known.get(route) ?? []);
    await this.#measure(states);
    const lacking = await this.#options.archive?.review(states);
    for (const [{ route }, error] of lacking ?? []) this.#problems.set(route, error);
    return routes.map((route) => {
      const { entry, destination } = route;
      const { digest } = entry.descriptor;
      const error = this.#problems.get(route);
      if (error !== undefined) return problemRow(entry.reference, destination, digest, error);
      const there = known.get(route)?.there ?? false;
      const bytes = this.#bytes.get(route) ?? 0;
      return {
        row: { source: entry.reference, destination, digest, bytes, there, problem: undefined },
        error,
      };
    });
  }

  /** Counts as a run would move: each manifest once a repository, each blob once a registry. */
  async #measure(states: readonly RouteState[]): Promise<void> {
    const missing = new Map<RouteState, readonly GraphNode[]>();
    await Promise.all(
      states.map((state) =>
        this.#attempt(state.route, async () => missing.set(state, await this.#missingFrom(state))),
      ),
    );
    const held = this.#heldBlobs(states, missing);
    const counted = new Set<string>();
    const claims: Claim[] = [];
    for (const state of states) {
      const { target, route } = state;
      let bytes = 0;
      for (const { descriptor } of missing.get(state) ?? []) {
        const key = `${target.name}@${descriptor.digest}`;
        if (!counted.has(key)) bytes += descriptor.size;
        counted.add(key);
      }
      for (const blob of neededBlobs(state, missing.get(state) ?? [])) {
        const key = `${registryOf(target.address)} ${blob.digest}`;
        if (!held.has(key)) claims.push({ state, blob });
        held.add(key);
      }
      this.#bytes.set(route, bytes);
      this.#run.status.imagesDone++;
    }
    await Promise.all(claims.map((claim) => this.#ask(claim)));
  }

  async #ask({ state: { route, target }, blob }: Claim): Promise<void> {
    await this.#attempt(route, async () => {
      if (await target.hasBlob(blob)) return;
      this.#bytes.set(route, (this.#bytes.get(route) ?? 0) + blob.size);
    });
  }

  /** The manifests that the target lacks. */
  async #missingFrom({ complete, node, target }: RouteState): Promise<GraphNode[]> {
    if (complete) return [];
    const nodes = [...walkGraph(node)].flatMap((step) => (step.kind === "manifest" ? [step.node] : []));
    const present = await Promise.all(nodes.map(({ descriptor }) => this.#hasManifest(descriptor, target)));
    return nodes.filter((_, at) => present[at] === false);
  }

  #hasManifest(descriptor: Descriptor, target: Repository): Promise<boolean> {
    const key = `${target.name}@${descriptor.digest}`;
    const known = this.#manifests.get(key);
    if (known !== undefined) return known;
    const asking = target.hasManifest(descriptor);
    this.#manifests.set(key, asking);
    return asking;
  }

  /** `registry digest` of every blob that is known to be somewhere in a registry, from where it is mounted. */
  #heldBlobs(
    states: readonly RouteState[],
    missing: ReadonlyMap<RouteState, readonly GraphNode[]>,
  ): Set<string> {
    const held = new Set<string>();
    for (const state of states) {
      const { route, target, complete, node } = state;
      const lacks = new Set(missing.get(state) ?? []);
      for (const step of walkGraph(node)) {
        if (step.kind !== "manifest") continue;
        // A registry takes an image manifest only with its blobs.
        const has =
          complete || (missing.has(state) && step.node.content.kind === "image" && !lacks.has(step.node));
        for (const { digest } of step.node.blobs) {
          if (has) held.add(`${registryOf(target.address)} ${digest}`);
          if (!complete) held.add(`${registryOf(route.entry.repository.address)} ${digest}`);
        }
      }
    }
    return held;
  }

  async #attempt(route: Route, work: () => Promise<unknown>): Promise<void> {
    await this.#limiter.run(async () => {
      try {
        await work();
      } catch (error) {
        if (this.#run.signal.aborted) throw stoppedError(this.#run.signal);
        this.#problems.set(route, error);
      }
    });
  }
}

/** Blobs of the missing manifests, and odd entries of indexes whether these are there or not. */
function neededBlobs({ complete, node }: RouteState, missing: readonly GraphNode[]): Descriptor[] {
  if (complete) return [];
  const lacks = new Set(missing);
  return [...walkGraph(node)].flatMap((step) =>
    step.kind === "manifest" && (lacks.has(step.node) || step.node.content.kind === "index")
      ? [...step.node.blobs]
      : [],
  );
}
