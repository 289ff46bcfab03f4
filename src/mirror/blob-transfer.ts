/** Moves blobs between repositories, each read once a run however many repositories need it. */
import type { RepositoryAddress } from "../content/endpoint.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Arrival, TargetOutcome } from "../pool/jobs.ts";
import type { RunSummary } from "../ui/summary.ts";
import { arrivalOf } from "./outcomes.ts";
import type { RunContext } from "./run.ts";

/** What was moved, all in all. */
export type TransferTotals = Omit<RunSummary, "verb" | "images" | "seconds" | "notes">;

/** One blob and its way to everybody who needs it. */
interface Travel {
  /** The first repository of each registry, in the order in which they were announced. */
  primaries: Map<string, RepositoryAddress>;
  /** Set when the one reading has started: an answer for each registry. */
  landings: Map<string, Promise<TargetOutcome>>;
  /** An answer for each repository. */
  arrivals: Map<string, Promise<Arrival>>;
}

/** A worker answers for every target it was given; this says that one did not. */
const noOutcome: TargetOutcome = {
  error: { code: "internal", message: "Cannot copy: a worker gave no answer for a target" },
};

export class BlobTransfer {
  readonly #run: RunContext;
  readonly #travels = new Map<Digest, Travel>();
  readonly totals: TransferTotals = {
    blobs: 0,
    bytesMoved: 0,
    blobsSkipped: 0,
    bytesSkipped: 0,
    blobsMounted: 0,
    bytesMounted: 0,
  };

  constructor(run: RunContext) {
    this.#run = run;
  }

  /** Announces that a repository will need the blob, so that one reading serves all. Before any {@link ensure}. */
  expect(descriptor: Descriptor, target: RepositoryAddress): void {
    const { primaries } = this.#travel(descriptor.digest);
    const registry = target.settings.registry;
    if (!primaries.has(registry)) primaries.set(registry, target);
  }

  /**
   * Brings the blob to a repository, unless it is there.
   * @throws AceError what went wrong for this repository
   */
  ensure(descriptor: Descriptor, source: RepositoryAddress, target: RepositoryAddress): Promise<Arrival> {
    const travel = this.#travel(descriptor.digest);
    const key = `${target.settings.registry}/${target.repository}`;
    const known = travel.arrivals.get(key);
    if (known !== undefined) return known;
    this.#run.status.blobsTotal++;
    this.#run.status.bytesTotal += descriptor.size;
    const arrival = this.#bring(travel, descriptor, source, target).then((how) =>
      this.#count(how, descriptor),
    );
    travel.arrivals.set(key, arrival);
    return arrival;
  }

  #travel(digest: Digest): Travel {
    const known = this.#travels.get(digest);
    if (known !== undefined) return known;
    const travel: Travel = { primaries: new Map(), landings: new Map(), arrivals: new Map() };
    this.#travels.set(digest, travel);
    return travel;
  }

  async #bring(
    travel: Travel,
    descriptor: Descriptor,
    source: RepositoryAddress,
    target: RepositoryAddress,
  ): Promise<Arrival> {
    const { registry } = target.settings;
    // Inside the source's registry every repository mounts from the source itself.
    if (registry === source.settings.registry) return this.#copy(descriptor, source, target);
    if (!travel.primaries.has(registry)) travel.primaries.set(registry, target);
    const primary = travel.primaries.get(registry) ?? target;
    const landing = this.#land(travel, descriptor, source, registry);
    if (primary.repository === target.repository) return arrivalOf(await landing);
    // A second repository of that registry takes it from the first; if the first failed, it reads for itself.
    const first = await landing;
    return this.#copy(descriptor, "error" in first ? source : primary, target);
  }

  /** The one reading, to the first repository of every registry that announced itself. */
  #land(
    travel: Travel,
    descriptor: Descriptor,
    source: RepositoryAddress,
    registry: string,
  ): Promise<TargetOutcome> {
    const known = travel.landings.get(registry);
    if (known !== undefined) return known;
    const waiting = [...travel.primaries].filter(
      ([name]) => name !== source.settings.registry && !travel.landings.has(name),
    );
    const targets = waiting.map(([, address]) => address);
    const outcomes = this.#job(descriptor, source, targets);
    waiting.forEach(([name], index) => {
      const landing = outcomes.then((list): TargetOutcome => list[index] ?? noOutcome);
      // Awaited by whoever ensures; a registry nobody ensures for has no one to tell.
      landing.catch(() => undefined);
      travel.landings.set(name, landing);
    });
    return (
      travel.landings.get(registry) ??
      Promise.reject(new Error("unreachable: the registry is among those waiting"))
    );
  }

  async #copy(
    descriptor: Descriptor,
    source: RepositoryAddress,
    target: RepositoryAddress,
  ): Promise<Arrival> {
    return arrivalOf((await this.#job(descriptor, source, [target]))[0]);
  }

  #job(
    descriptor: Descriptor,
    source: RepositoryAddress,
    targets: readonly RepositoryAddress[],
  ): Promise<readonly TargetOutcome[]> {
    const { mediaType, digest, size } = descriptor;
    return this.#run.pool.run({
      kind: "copy",
      descriptor: { mediaType, digest, size },
      source,
      targets,
      chunkBytes: this.#run.config.chunkSize,
    });
  }

  #count(arrival: Arrival, { size }: Descriptor): Arrival {
    const { status } = this.#run;
    this.totals.blobs++;
    status.blobsDone++;
    if (arrival === "moved") this.totals.bytesMoved += size;
    if (arrival === "mounted") {
      this.totals.blobsMounted++;
      this.totals.bytesMounted += size;
    }
    if (arrival === "skipped") {
      this.totals.blobsSkipped++;
      this.totals.bytesSkipped += size;
    }
    status.blobsMounted = this.totals.blobsMounted;
    status.bytesMounted = this.totals.bytesMounted;
    status.blobsSkipped = this.totals.blobsSkipped;
    status.bytesSkipped = this.totals.bytesSkipped;
    return arrival;
  }
}
