/** `mirror gather`: the images of a list into one repository, under one index. */

import { Limiter } from "../async/limiter.ts";
import { readGraph } from "../content/read-graph.ts";
import { BlobTransfer } from "../copy/blob-transfer.ts";
import { type CopyMemo, copyGraph } from "../copy/copy-graph.ts";
import { AceError } from "../errors.ts";
import { buildGatherIndex } from "../gather/build-gather-index.ts";
import { dropRepeats } from "../gather/drop-repeats.ts";
import { LayerSum } from "../gather/gather-index.ts";
import type { GatherOptions } from "../gather/gather-options.ts";
import { findPrevious, type PreviousGather } from "../gather/previous-gather.ts";
import { type GatherEntry, resolveSources } from "../gather/resolve-source.ts";
import { readSources, type Source } from "../lists/read-sources.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import type { Repository } from "../registry/repository.ts";
import { Failures, failuresError } from "../run/failures.ts";
import { type RunContext, targetOf } from "../run/run.ts";
import type { RunSummary } from "../ui/summary.ts";

/** Images whose graphs are read and copied at the same time; their blobs share the pool. */
const imagesAtOnce = 32;

/**
 * Resolves every source, copies what the repository lacks, pushes the index last. A source that fails does not stop the others,
 * but then no index is pushed: the next run finds what is there already and needs only the rest.
 * @throws AceError
 */
export async function gather(options: GatherOptions, run: RunContext): Promise<RunSummary> {
  const started = performance.now();
  const destination = parseReference(options.image);
  if (destination.digest !== undefined) {
    throw new AceError("usage", `Cannot gather into ${options.image}: name a tag, not a digest`);
  }
  run.store.use();
  const sources = dropRepeats(await readSources(options.sourcesFile), run);
  const work = new Gathering(options, destination, await run.target(destination), run);
  run.status.imagesTotal = sources.length;
  run.status.phase = "resolving sources";
  const [entries, previous] = await Promise.all([
    work.resolve(sources),
    findPrevious(work.target, targetOf(destination)),
  ]);
  const reusable = work.complete && !options.recursive;
  const unchanged = reusable ? previous?.reusable(entries, options, run.version) : undefined;
  if (unchanged === undefined) await work.copy(entries, previous);
  else if (unchanged.raw !== undefined) await work.target.pushManifest(unchanged.raw, targetOf(destination));
  run.status.imagesDone = sources.length;
  return {
    verb: "gather",
    images: sources.length,
    ...work.transfer.totals,
    seconds: (performance.now() - started) / 1000,
  };
}

class Gathering {
  readonly target: Repository;
  readonly transfer: BlobTransfer;
  readonly #options: GatherOptions;
  readonly #destination: Reference;
  readonly #run: RunContext;
  readonly #memo: CopyMemo = new Map();
  readonly #failures: Failures;

  constructor(options: GatherOptions, destination: Reference, target: Repository, run: RunContext) {
    this.#options = options;
    this.#destination = destination;
    this.#run = run;
    this.target = target;
    this.transfer = new BlobTransfer(run);
    this.#failures = new Failures(run.signal);
  }

  /** False when a source has failed, so that there will be no index. */
  get complete(): boolean {
    return this.#failures.list.length === 0;
  }

  /** One HEAD a source; every source is asked, so that the error names all that are wrong. What cannot be resolved is left out. */
  resolve(sources: readonly Source[]): Promise<readonly GatherEntry[]> {
    return resolveSources(sources, this.#options, this.#failures, this.#run);
  }

  /** Copies what is there, then throws what failed, or pushes the index. */
  async copy(entries: readonly GatherEntry[], previous: PreviousGather | undefined): Promise<void> {
    const { status } = this.#run;
    status.phase = "gathering";
    const limiter = new Limiter(imagesAtOnce);
    const sum = new LayerSum();
    await Promise.all(
      entries.map((entry) =>
        limiter.run(() =>
          this.#failures.attempt(entry.reference, async () => {
            // What an earlier gather brought is read from where it is, which costs no pull at the source.
            const brought = previous?.has(entry.descriptor) === true && !this.#options.recursive;
            const source = brought ? this.target : entry.repository;
            const node = await readGraph(entry.descriptor, brought ? this.target : entry.graph, {
              recursive: this.#options.recursive,
              name: source.name,
              signal: this.#run.signal,
            });
            await copyGraph(node, { source, target: this.target, transfer: this.transfer, memo: this.#memo });
            status.imagesDone++;
            sum.add(node);
          }),
        ),
      ),
    );
    this.#throwFailures(entries);
    const raw = buildGatherIndex(entries, this.#options, sum.sizes, this.#run.version);
    status.phase = "pushing the index";
    await this.target.pushManifest(raw, targetOf(this.#destination));
  }

  #throwFailures(entries: readonly GatherEntry[]): void {
    const failures = this.#failures.list;
    const failed = new Set(failures.map(({ name }) => name));
    const sources = new Set(entries.map(({ reference }) => reference));
    const done = [...sources].filter((name) => !failed.has(name)).length;
    const error = failuresError(failures, done, "Cannot gather");
    if (error !== undefined) throw error;
  }
}
