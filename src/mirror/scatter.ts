/** `mirror scatter`: the images of a gather index to the places a mapper names. */

import { Limiter } from "../content/limiter.ts";
import { readGraph } from "../content/read-graph.ts";
import type { GraphNode } from "../content/walk.ts";
import { readSources } from "../lists/read-sources.ts";
import { parseSelectors } from "../lists/selector.ts";
import { parseMapper } from "../mapping/parse-mapper.ts";
import * as annotationKeys from "../oci/annotations.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { childManifests, parseManifest, type RawManifest } from "../oci/manifest.ts";
import { isIndexType } from "../oci/media-types.ts";
import { formatReference, parseReference } from "../oci/reference.ts";
import type { Repository } from "../registry/repository.ts";
import type { RunSummary } from "../ui/summary.ts";
import { BlobTransfer } from "./blob-transfer.ts";
import { type CopyMemo, copyGraph, copyTagged, expectGraph, type GraphCopy } from "./copy-graph.ts";
import { type Failure, failuresError } from "./failures.ts";
import { sourceOf } from "./gather-index.ts";
import { planScatter, type Route, type ScatterPlan } from "./plan-scatter.ts";
import { type RunContext, stoppedError, targetOf } from "./run.ts";

export interface ScatterOptions {
  image: string;
  /** `MAP-TYPE=MAP-ARG`. */
  mapper: string;
  /** Print every destination, push nothing. */
  check: boolean;
  selectors: string[];
  /** A source list: only these. */
  subset?: string;
  recursive: boolean;
}

/** One line of `--check`. */
export interface ScatterRow {
  source: string;
  destination: string;
  digest: Digest;
}

/** Images that are copied at the same time; their blobs share the pool. */
const imagesAtOnce = 32;

/** Where every image would go; pushes nothing. @throws AceError */
export async function checkScatter(options: ScatterOptions, run: RunContext): Promise<ScatterRow[]> {
  const { plan } = await openPlan(options, run);
  return plan.routes.map(({ source, destination, descriptor }) => ({
    source,
    destination,
    digest: descriptor.digest,
  }));
}

/**
 * Copies every image to all its places. One that fails stops no other.
 * @throws AceError `partial` with the list of failures when some images are done; the first failure when none is
 */
export async function scatter(options: ScatterOptions, run: RunContext): Promise<RunSummary> {
  const started = performance.now();
  const { plan, source } = await openPlan(options, run);
  const { status } = run;
  status.imagesTotal = plan.routes.length;
  status.phase = "reading manifests";
  const work = new Scattering(source, options.recursive, run);
  const prepared = await work.prepare(plan.routes);
  status.phase = "scattering";
  await work.copy(prepared);
  const done = plan.routes.length - work.failures.length;
  const totals = {
    verb: "scatter",
    images: done,
    ...work.transfer.totals,
    seconds: (performance.now() - started) / 1000,
  };
  const error = failuresError(work.failures, done, "Cannot scatter");
  if (error === undefined) return totals;
  run.ui.finish(totals);
  throw error;
}

async function openPlan(
  options: ScatterOptions,
  run: RunContext,
): Promise<{ plan: ScatterPlan; source: Repository }> {
  const [mapper, subset] = await Promise.all([
    parseMapper(options.mapper),
    options.subset === undefined ? undefined : readSources(options.subset),
  ]);
  const selector = parseSelectors(options.selectors);
  const reference = parseReference(options.image);
  const source = await run.source(reference);
  const root = await source.fetchTarget(targetOf(reference));
  const plan = planScatter(entriesOf(root, options.image), {
    mapper,
    selector,
    subset: subset === undefined ? undefined : new Set(subset.map((line) => line.reference)),
  });
  for (const name of plan.unmatched) run.ui.log("info", `no destination for ${name}`);
  for (const name of plan.absent) run.ui.log("warn", `${options.image} has no ${name}, which --subset names`);
  return { plan, source };
}

/** What an index gathers; a plain image stands for itself, under the name it was asked for by. */
function entriesOf(root: RawManifest, image: string): readonly Descriptor[] {
  const content = parseManifest(root.bytes, root.descriptor.mediaType, image);
  const children = childManifests(content);
  if (isIndexType(content.mediaType) && children.some((child) => sourceOf(child) !== undefined))
    return children;
  const annotations = { ...content.annotations, [annotationKeys.manifestSource]: image };
  return [{ ...root.descriptor, annotations }];
}

/** A route that is ready to go. */
interface Prepared {
  route: Route;
  node: GraphNode;
  copy: GraphCopy;
}

class Scattering {
  readonly transfer: BlobTransfer;
  readonly failures: Failure[] = [];
  readonly #source: Repository;
  readonly #recursive: boolean;
  readonly #run: RunContext;
  readonly #memo: CopyMemo = new Map();
  readonly #graphs = new Map<Digest, Promise<GraphNode>>();

  constructor(source: Repository, recursive: boolean, run: RunContext) {
    this.#source = source;
    this.#recursive = recursive;
    this.#run = run;
    this.transfer = new BlobTransfer(run);
  }

  /** Reads every image's graph, once each, and tells the transfer who needs which blob. */
  async prepare(routes: readonly Route[]): Promise<Prepared[]> {
    const prepared = await this.#each(routes, async (route) => {
      const target = await this.#run.target(route.target);
      const copy: GraphCopy = { source: this.#source, target, transfer: this.transfer, memo: this.#memo };
      return { route, node: await this.#graph(route.descriptor), copy };
    });
    for (const { node, copy } of prepared) expectGraph(node, copy, new Set());
    return prepared;
  }

  async copy(prepared: readonly Prepared[]): Promise<void> {
    const routes = new Map(prepared.map((each) => [each.route, each]));
    await this.#each([...routes.keys()], async (route) => {
      const each = routes.get(route);
      if (each === undefined) return;
      const { digest, tag } = route.target;
      if (digest === undefined && tag !== undefined) await copyTagged(each.node, tag, each.copy);
      else await copyGraph(each.node, each.copy);
      this.#run.status.imagesDone++;
    });
  }

  #graph(descriptor: Descriptor): Promise<GraphNode> {
    const known = this.#graphs.get(descriptor.digest);
    if (known !== undefined) return known;
    const reading = readGraph(descriptor, this.#source, {
      recursive: this.#recursive,
      name: this.#source.name,
      signal: this.#run.signal,
    });
    this.#graphs.set(descriptor.digest, reading);
    return reading;
  }

  /** Does the work for every route; a failure is noted and leaves its route out of the result. */
  async #each<Result>(routes: readonly Route[], work: (route: Route) => Promise<Result>): Promise<Result[]> {
    const limiter = new Limiter(imagesAtOnce);
    const results = await Promise.all(
      routes.map((route) =>
        limiter.run(async () => {
          try {
            return [await work(route)];
          } catch (error) {
            if (this.#run.signal.aborted) throw stoppedError(this.#run.signal);
            this.failures.push({ name: `${route.source} -> ${formatReference(route.target)}`, error });
            return [];
          }
        }),
      ),
    );
    return results.flat();
  }
}
