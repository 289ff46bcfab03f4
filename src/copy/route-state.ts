/** Finds out, before anything is pushed, how an image stands at the place it is meant for. */
import { GraphReading, type GraphSource } from "../content/read-graph.ts";
import { type GraphNode, walkGraph } from "../content/walk.ts";
import { AceError } from "../errors.ts";
import type { GatherEntry } from "../gather/resolve-source.ts";
import type { RawManifest } from "../oci/manifest.ts";
import type { Repository } from "../registry/repository.ts";
import type { RunContext } from "../run/run.ts";
import type { Route } from "./plan-scatter.ts";

/** A route, and what is known of both its ends. */
export interface RouteState {
  route: Route;
  target: Repository;
  /** The image's own manifest is there and, when a tag is asked for, under that tag. */
  there: boolean;
  /** Everything below it is there too: nothing is left to do. */
  complete: boolean;
  /** The image: read from the target when it is complete, else from the source. */
  node: GraphNode;
}

/** Reads states; every source manifest is read once. */
export class RouteStates {
  readonly #recursive: boolean;
  readonly #run: RunContext;
  readonly #readings = new Map<GraphSource, GraphReading>();
  readonly #graphs = new Map<GatherEntry, Promise<GraphNode>>();

  /** @param recursive referrers count too; only the source knows them, so that it is always read */
  constructor(recursive: boolean, run: RunContext) {
    this.#recursive = recursive;
    this.#run = run;
  }

  /**
   * What is there already is read back from the target, which costs no pull at the source.
   * @throws AceError when the source cannot be read, or the target not be reached
   */
  async of(route: Route): Promise<RouteState> {
    const target = await this.#run.target(route.target);
    const raw = await find(route, target);
    const node = raw === undefined || this.#recursive ? undefined : await this.#readBack(raw, route, target);
    return {
      route,
      target,
      there: raw !== undefined,
      complete: node !== undefined,
      node: node ?? (await this.#read(route.entry)),
    };
  }

  /**
   * The graph as the target has it, undefined when something is missing. A registry takes an image manifest only with its blobs,
   * but some take an index without what it names.
   */
  async #readBack(raw: RawManifest, { entry }: Route, target: Repository): Promise<GraphNode | undefined> {
    const source: GraphSource = {
      fetchManifest: (descriptor) =>
        descriptor.digest === raw.descriptor.digest ? Promise.resolve(raw) : target.fetchManifest(descriptor),
      hasBlob: (descriptor) => target.hasBlob(descriptor),
    };
    const { signal } = this.#run;
    const reading = new GraphReading(source, { recursive: false, name: target.name, signal });
    const node = await unlessAbsent(reading.node(entry.descriptor));
    if (node === undefined) return undefined;
    const odd = [...walkGraph(node)].flatMap((step) =>
      step.kind === "blob" && step.parent.content.kind === "index" ? [step.descriptor] : [],
    );
    const present = await Promise.all(odd.map((blob) => target.hasBlob(blob)));
    return present.every((held) => held) ? node : undefined;
  }

  #read(entry: GatherEntry): Promise<GraphNode> {
    const known = this.#graphs.get(entry);
    if (known !== undefined) return known;
    const reading = this.#readingOf(entry).node(entry.descriptor);
    this.#graphs.set(entry, reading);
    return reading;
  }

  #readingOf({ graph, repository }: GatherEntry): GraphReading {
    const known = this.#readings.get(graph);
    if (known !== undefined) return known;
    const { signal } = this.#run;
    const reading = new GraphReading(graph, { recursive: this.#recursive, name: repository.name, signal });
    this.#readings.set(graph, reading);
    return reading;
  }
}

/** The image's manifest at its destination. */
async function find({ entry, target: { tag, digest } }: Route, target: Repository) {
  const own = entry.descriptor.digest;
  const raw = await unlessAbsent(target.fetchTarget(digest ?? tag ?? own));
  return raw?.descriptor.digest === own ? raw : undefined;
}

/**
 * Undefined when the target has no such thing, or nothing usable: then it is pushed, and the push says what is wrong. Who may only
 * push is denied to look.
 */
async function unlessAbsent<Result>(reading: Promise<Result>): Promise<Result | undefined> {
  try {
    return await reading;
  } catch (error) {
    const absent = ["not-found", "denied", "digest", "registry"];
    if (error instanceof AceError && absent.includes(error.code)) return undefined;
    throw error;
  }
}
