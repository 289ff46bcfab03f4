/** Moves blobs between repositories, each read once a run however many repositories need it. */

import { type Descriptor, plainDescriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Arrival, TargetOutcome } from "../pool/jobs.ts";
import type { RepositoryAddress } from "../registry/settings.ts";
import { arrivalOf } from "../run/outcomes.ts";
import type { RunContext } from "../run/run.ts";
import type { RunSummary } from "../ui/summary.ts";

/** Sends the blobs of an origin that is no repository. */
export interface BlobSender {
  /** Stands for the origin; nobody can be reached there. */
  readonly address: RepositoryAddress;
  /** Never rejects: each target has its own outcome. */
  send(descriptor: Descriptor, targets: readonly RepositoryAddress[]): Promise<readonly TargetOutcome[]>;
}

/** What was moved, all in all. */
export type TransferTotals = Omit<RunSummary, "verb" | "images" | "seconds" | "notes">;

/** One blob and its way to everybody who needs it. */
interface Transfer {
  /** The first repository of each registry, in the order in which they were announced. */
  firstTargets: Map<string, RepositoryAddress>;
  /** A repository of each registry that is known to have it: every other one of that registry mounts from there. */
  mountSources: Map<string, RepositoryAddress>;
  /** Set when the one reading has started: an answer for each registry, and the source that is read. */
  uploads: Map<string, { source: string; outcome: Promise<TargetOutcome> }>;
  /** An answer for each repository, and the source it was asked of. */
  arrivals: Map<string, { source: string; arrival: Promise<Arrival> }>;
}

/** A worker answers for every target it was given; this says that one did not. */
const noOutcome: TargetOutcome = {
  error: { code: "internal", message: "Cannot copy: a worker gave no answer for a target" },
};

export class BlobTransfer {
  readonly #run: RunContext;
  readonly #sender: BlobSender | undefined;
  readonly #transfers = new Map<Digest, Transfer>();
  readonly totals: TransferTotals = {
    blobs: 0,
    bytesMoved: 0,
    blobsSkipped: 0,
    bytesSkipped: 0,
    blobsMounted: 0,
    bytesMounted: 0,
  };

  /** @param sender where blobs come from that no repository has */
  constructor(run: RunContext, sender?: BlobSender) {
    this.#run = run;
    this.#sender = sender;
    // An archive that passes once has been counted on its way into the local store.
    const before = run.pool.movedBytes;
    run.status.bytesMoved = () => run.pool.movedBytes - before;
  }

  /** Announces that a repository will need the blob, so that one reading serves all. Before any {@link ensure}. */
  expect(descriptor: Descriptor, source: RepositoryAddress, target: RepositoryAddress): void {
    this.holds(descriptor, source);
    const { firstTargets } = this.#transferOf(descriptor.digest);
    const registry = registryOf(target);
    if (!firstTargets.has(registry)) firstTargets.set(registry, target);
  }

  /** Announces that a repository has the blob, so that others of its registry need not be sent it. */
  holds(descriptor: Descriptor, address: RepositoryAddress): void {
    const { mountSources } = this.#transferOf(descriptor.digest);
    const registry = registryOf(address);
    if (!mountSources.has(registry)) mountSources.set(registry, address);
  }

  /**
   * Brings the blob to a repository, unless it is there. Asked for the same with another source, it tries that one too before it
   * gives up.
   * @throws AceError what went wrong for this repository
   */
  ensure(descriptor: Descriptor, source: RepositoryAddress, target: RepositoryAddress): Promise<Arrival> {
    const transfer = this.#transferOf(descriptor.digest);
    const key = nameOf(target);
    const from = nameOf(source);
    const known = transfer.arrivals.get(key);
    if (known?.source === from) return known.arrival;
    const count = (how: Arrival) => this.#count(how, descriptor);
    let arrival: Promise<Arrival>;
    if (known === undefined) {
      this.#run.status.blobsTotal++;
      this.#run.status.bytesTotal += descriptor.size;
      arrival = this.#bring(transfer, descriptor, source, target).then(count);
    } else arrival = this.#elseFrom(known.arrival, () => this.#copy(descriptor, source, target).then(count));
    transfer.arrivals.set(key, { source: from, arrival });
    return arrival;
  }

  #transferOf(digest: Digest): Transfer {
    const known = this.#transfers.get(digest);
    if (known !== undefined) return known;
    const transfer: Transfer = {
      firstTargets: new Map(),
      mountSources: new Map(),
      uploads: new Map(),
      arrivals: new Map(),
    };
    this.#transfers.set(digest, transfer);
    return transfer;
  }

  async #bring(
    transfer: Transfer,
    descriptor: Descriptor,
    source: RepositoryAddress,
    target: RepositoryAddress,
  ): Promise<Arrival> {
    const registry = registryOf(target);
    // Inside the source's registry every repository mounts from the source itself.
    if (registry === registryOf(source)) return this.#copy(descriptor, source, target);
    const mountSource = transfer.mountSources.get(registry);
    if (mountSource !== undefined) {
      const mounted = this.#copy(descriptor, mountSource, target);
      return this.#elseFrom(mounted, () => this.#copy(descriptor, source, target));
    }
    if (!transfer.firstTargets.has(registry)) transfer.firstTargets.set(registry, target);
    const firstTarget = transfer.firstTargets.get(registry) ?? target;
    const upload = this.#upload(transfer, descriptor, source, registry);
    const first = await upload.outcome;
    if (firstTarget.repository === target.repository) {
      const other = "error" in first && upload.source !== nameOf(source);
      return other ? this.#copy(descriptor, source, target) : arrivalOf(first);
    }
    // A second repository of that registry takes it from the first; if the first failed, it reads for itself.
    return this.#copy(descriptor, "error" in first ? source : firstTarget, target);
  }

  /** The one reading, to the first repository of every registry that announced itself and has not got it yet. */
  #upload(
    transfer: Transfer,
    descriptor: Descriptor,
    source: RepositoryAddress,
    registry: string,
  ): { source: string; outcome: Promise<TargetOutcome> } {
    const known = transfer.uploads.get(registry);
    if (known !== undefined) return known;
    const waiting = [...transfer.firstTargets].filter(
      ([name]) =>
        name !== registryOf(source) && !transfer.mountSources.has(name) && !transfer.uploads.has(name),
    );
    const targets = waiting.map(([, address]) => address);
    const outcomes = this.#job(descriptor, source, targets);
    for (const [index, [name]] of waiting.entries()) {
      const outcome = outcomes.then((list): TargetOutcome => list[index] ?? noOutcome);
      // Awaited by whoever ensures; a registry nobody ensures for has no one to tell.
      outcome.catch(() => undefined);
      transfer.uploads.set(name, { source: nameOf(source), outcome });
    }
    return (
      transfer.uploads.get(registry) ?? {
        source: nameOf(source),
        outcome: Promise.reject(new Error("unreachable: the registry is among those waiting")),
      }
    );
  }

  /** Tries another way when the first fails, but for a run that is stopped. */
  #elseFrom(first: Promise<Arrival>, other: () => Promise<Arrival>): Promise<Arrival> {
    return first.catch((error: unknown) => {
      if (this.#run.signal.aborted) throw error;
      return other();
    });
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
    if (source === this.#sender?.address) return this.#sender.send(descriptor, targets);
    return this.#run.pool.run({
      kind: "copy",
      descriptor: plainDescriptor(descriptor),
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
    else status.bytesTotal -= size;
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

/** A registry is where it is reached: two names for one endpoint are one registry, inside which blobs are mounted. */
export function registryOf({ settings }: RepositoryAddress): string {
  return settings.endpoints[0]?.url ?? settings.registry;
}

function nameOf(address: RepositoryAddress): string {
  return `${registryOf(address)}/${address.repository}`;
}
