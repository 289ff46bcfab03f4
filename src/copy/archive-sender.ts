/** Sends blobs out of an archive to the places of its images, and finds there what the archive lacks. */

import type { ArchiveImages } from "../archive/read/archive-images.ts";
import { Limiter } from "../async/limiter.ts";
import { walkGraph } from "../content/walk.ts";
import { AceError, toErrorData } from "../errors.ts";
import { type Descriptor, plainDescriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { BlobPlace, TargetOutcome } from "../pool/jobs.ts";
import type { RepositoryAddress } from "../registry/settings.ts";
import { type RunContext, stoppedError } from "../run/run.ts";
import { registryOf } from "./blob-transfer.ts";
import type { ArchiveOrigin } from "./distribute.ts";
import type { RouteState } from "./route-state.ts";

/** Questions to registries at the same time. */
const questionsAtOnce = 64;

/** One archive and the run that empties it. */
export class ArchiveSender implements ArchiveOrigin {
  readonly address: RepositoryAddress;
  readonly sender = this;
  readonly #images: ArchiveImages;
  readonly #run: RunContext;
  readonly #limiter = new Limiter(questionsAtOnce);
  /** Repositories whose images need a blob that the archive lacks. */
  readonly #needing = new Map<Digest, Map<string, RepositoryAddress>>();
  readonly #answers = new Map<string, Promise<boolean>>();

  constructor(images: ArchiveImages, run: RunContext) {
    this.#images = images;
    this.#run = run;
    this.address = images.address;
  }

  send(descriptor: Descriptor, targets: readonly RepositoryAddress[]): Promise<readonly TargetOutcome[]> {
    return Promise.all(
      targets.map(async (target) => {
        try {
          return await this.#sendTo(target, descriptor);
        } catch (error) {
          return { error: toErrorData(error) };
        }
      }),
    );
  }

  /** What the archive lacks may be in the place itself, or in that of another image: mounted or copied from there. */
  async review(states: readonly RouteState[]): Promise<ReadonlyMap<RouteState, AceError>> {
    const lacking = new Map<RouteState, readonly Descriptor[]>();
    for (const state of states) lacking.set(state, await this.#lackingFor(state));
    const errors = new Map<RouteState, AceError>();
    await Promise.all(
      states.map(async (state) => {
        const error = await this.#reviewOne(state, lacking.get(state) ?? []);
        if (error !== undefined) errors.set(state, error);
      }),
    );
    return errors;
  }

  async #reviewOne(
    { complete, target }: RouteState,
    blobs: readonly Descriptor[],
  ): Promise<AceError | undefined> {
    if (complete) return undefined;
    try {
      const holders = await Promise.all(blobs.map((blob) => this.#holderOf(blob, target.address)));
      const missing = blobs.filter((_, at) => holders[at] === undefined);
      return missing.length === 0 ? undefined : this.#missingError(missing);
    } catch (error) {
      if (this.#run.signal.aborted) throw stoppedError(this.#run.signal);
      if (error instanceof AceError) return error;
      throw error;
    }
  }

  async #lackingFor({ node, target: { address, name } }: RouteState): Promise<readonly Descriptor[]> {
    const lacking: Descriptor[] = [];
    for (const step of walkGraph(node)) {
      if (step.kind === "manifest" || this.#images.placeOf(step.descriptor) !== undefined) continue;
      if (await this.#images.lookInStore(step.descriptor)) continue;
      lacking.push(step.descriptor);
      const needing = this.#needing.get(step.descriptor.digest) ?? new Map<string, RepositoryAddress>();
      needing.set(name, address);
      this.#needing.set(step.descriptor.digest, needing);
    }
    return lacking;
  }

  async #sendTo(target: RepositoryAddress, descriptor: Descriptor): Promise<TargetOutcome> {
    const place = this.#images.placeOf(descriptor);
    if (place !== undefined) return this.#upload(descriptor, place, target);
    const holder = await this.#holderOf(descriptor, target);
    if (holder === undefined) throw this.#missingError([descriptor]);
    if (holder === target) return { arrival: "skipped" };
    return one(
      await this.#run.pool.run({
        kind: "copy",
        descriptor: plainDescriptor(descriptor),
        source: holder,
        targets: [target],
        chunkBytes: this.#run.config.chunkSize,
      }),
    );
  }

  async #upload(descriptor: Descriptor, place: BlobPlace, target: RepositoryAddress): Promise<TargetOutcome> {
    const { pool, config } = this.#run;
    const arrival = await pool.run({
      kind: "upload",
      place,
      descriptor: plainDescriptor(descriptor),
      target,
      chunkBytes: config.chunkSize,
    });
    return { arrival };
  }

  /** The target itself, else a repository of its registry, which costs a mount, else any. */
  async #holderOf(descriptor: Descriptor, target: RepositoryAddress): Promise<RepositoryAddress | undefined> {
    if (await this.#has(descriptor, target)) return target;
    const others = [...(this.#needing.get(descriptor.digest)?.values() ?? [])].filter(
      ({ repository, settings }) => repository !== target.repository || settings !== target.settings,
    );
    const isNear = (other: RepositoryAddress) => registryOf(other) === registryOf(target);
    for (const other of [...others.filter(isNear), ...others.filter((each) => !isNear(each))]) {
      const has = await this.#has(descriptor, other).catch((error: unknown) => {
        // Who cannot be asked cannot help; its own images fail for that.
        if (this.#run.signal.aborted || !(error instanceof AceError)) throw error;
        return false;
      });
      if (has) return other;
    }
    return undefined;
  }

  #has(descriptor: Descriptor, address: RepositoryAddress): Promise<boolean> {
    const key = `${registryOf(address)}/${address.repository} ${descriptor.digest}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const asking = this.#limiter.run(() => this.#run.client.repository(address).hasBlob(descriptor));
    this.#answers.set(key, asking);
    return asking;
  }

  #missingError(missing: readonly Descriptor[]): AceError {
    const list = missing.map(({ digest, size }) => `blob ${digest} (${size} bytes)`).sort();
    const what = missing.length === 1 ? "1 piece is" : `${missing.length} pieces are`;
    return new AceError(
      "archive",
      `Cannot complete it: ${what} neither in ${this.#images.name} nor where its images go: ${list.join(", ")}`,
      { hint: "Unarchive the earlier archives first, with the same mapper." },
    );
  }
}

function one(outcomes: readonly TargetOutcome[]): TargetOutcome {
  const [outcome] = outcomes;
  if (outcome === undefined)
    throw new AceError("internal", "Cannot read a worker's answer: it has no outcome");
  return outcome;
}
