/** `mirror batch-serialize`: each artifact of a list that is new into a numbered archive of its own, with a record of it. */

import { makeBatchDirectory, removeUnfinished, someOf, unfinishedName } from "../batch/batch-directory.ts";
import { BatchBroken, BatchFailures } from "../batch/batch-failures.ts";
import { lockBatch } from "../batch/batch-lock.ts";
import {
  describe,
  findNewArtifacts,
  type NewArtifact,
  type PlannedArtifact,
  planArtifact,
} from "../batch/batch-plan.ts";
import { BatchProgress } from "../batch/batch-progress.ts";
import type { RecordFile } from "../batch/batch-record-file.ts";
import { type ArchiveShape, writeBatchArchive } from "../batch/batch-write.ts";
import { readWritten, type WrittenStanding } from "../batch/batch-written.ts";
import { AceError } from "../errors.ts";
import { type BatchArtifact, readBatchList } from "../lists/batch-list.ts";
import { type ArchiveName, formatArchiveName } from "../lists/batch-names.ts";
import { formatSerialized } from "../lists/batch-records.ts";
import type { RunContext } from "../run/run.ts";
import { formatBytes } from "../ui/format.ts";
import type { RunSummary } from "../ui/summary.ts";

export interface BatchSerializeOptions extends ArchiveShape {
  batchList: string;
  /** Made when it is not there. */
  syncDirectory: string;
  /** In the directory, or an absolute path. */
  trackerFilename: string;
  manifestJson: boolean;
  recursive: boolean;
}

/**
 * Makes the archives, one after the other; while one is written, the next is planned. One that fails stops no other.
 * @throws AceError `partial` with the list of failures; `input` when another run is at work; `medium` when no records can be kept
 */
export async function batchSerialize(options: BatchSerializeOptions, run: RunContext): Promise<RunSummary> {
  const { artifacts, replaced } = await readBatchList(options.batchList);
  for (const { name, artifact, line } of replaced)
    run.ui.log("warn", `line ${line} (${artifact}) does not count: a later line is named ${name} too`);
  await makeBatchDirectory(options.syncDirectory);
  const hint = "batch-serialize writes archives and records into its directory.";
  using _ = lockBatch({ directory: options.syncDirectory, verb: "batch-serialize", hint });
  const standing = await readWritten(options, run);
  await using tracker = standing.tracker;
  const failures = new BatchFailures(run);
  run.status.phase = "looking for what is new";
  const found = await findNewArtifacts(artifacts, standing.records, failures, run);
  const batch = new BatchRun(found, { ...standing, tracker }, failures, options, run);
  const summary = await batch.run();
  batch.tellUnfinished();
  const error = failures.error("Cannot batch-serialize", `${artifacts.length} artifacts`);
  if (error !== undefined) throw error;
  return { ...summary, notes: notesOf(artifacts, found) };
}

function notesOf(artifacts: readonly BatchArtifact[], found: readonly NewArtifact[]): string[] {
  const old = artifacts.length - found.length;
  if (old === 0) return [];
  return [`${old} of ${artifacts.length} artifacts ${old === 1 ? "is" : "are"} in the directory already`];
}

/** A plan, or why there is none. */
type Planning = Promise<() => PlannedArtifact>;

/** The archives of one run. */
class BatchRun {
  readonly #found: readonly NewArtifact[];
  readonly #tracker: RecordFile;
  /** Goes up with each archive that is begun, so that within a run a number means one archive, also one that failed. */
  #number: number;
  /** What earlier runs have begun. */
  readonly #unfinished: ArchiveName[];
  readonly #failures: BatchFailures;
  readonly #options: BatchSerializeOptions;
  readonly #run: RunContext;
  readonly #progress: BatchProgress;

  constructor(
    found: readonly NewArtifact[],
    { tracker, highest, unfinished }: WrittenStanding,
    failures: BatchFailures,
    options: BatchSerializeOptions,
    run: RunContext,
  ) {
    this.#found = found;
    this.#tracker = tracker;
    this.#number = highest;
    this.#unfinished = [...unfinished];
    this.#failures = failures;
    this.#options = options;
    this.#run = run;
    const view = {
      phase: "reading manifests",
      position: (status: RunContext["status"]) => status.bytesMoved(),
    };
    this.#progress = new BatchProgress("batch-serialize", found, view, run);
  }

  async run(): Promise<RunSummary> {
    if (this.#found.length > 0) this.#run.pool.warmUp();
    let ahead = this.#plan(this.#found[0]);
    for (const [at, artifact] of this.#found.entries()) {
      const planned = await this.#failures.attempt(describe(artifact), async () => (await ahead)());
      ahead = this.#plan(this.#found[at + 1]);
      if (planned === undefined) this.#progress.leaveOut(artifact);
      else await this.#failures.attempt(describe(artifact), () => this.#make(artifact, planned));
    }
    return this.#progress.summary([]);
  }

  /** Begins to plan. A failure waits for its turn. */
  #plan(artifact: NewArtifact | undefined): Planning {
    if (artifact === undefined) return Promise.resolve(neverPlanned);
    return planArtifact(artifact, this.#options, this.#run).then(
      (planned) => () => planned,
      (error: unknown) => () => {
        throw error;
      },
    );
  }

  async #make(artifact: NewArtifact, planned: PlannedArtifact): Promise<void> {
    const { name, digest } = artifact;
    const begun = this.#takeBegun(name);
    let archive = begun ?? this.#nextName(name);
    const summary = await this.#progress.during(artifact, `serializing ${name}`, async (run) => {
      const resumed = begun && (await this.#resume(planned, begun.file, run));
      if (resumed !== undefined) return resumed;
      if (begun !== undefined) archive = this.#nextName(name);
      return writeBatchArchive(planned, archive.file, this.#options, run);
    });
    const { file, number } = archive;
    const line = formatSerialized({ file, number, name, artifact: artifact.artifact, digest });
    try {
      await this.#tracker.append(line);
    } catch (error) {
      this.#run.ui.log("error", `${file} is whole but not recorded; its line is ${line.trim()}`);
      throw new BatchBroken(error);
    }
    const left = summary.blobsSkipped === 0 ? "" : `, ${formatBytes(summary.bytesSkipped)} left out`;
    const facts = [
      `${artifact.artifact}, ${formatBytes(summary.bytesMoved)}${left}`,
      ...(summary.notes ?? []),
    ];
    this.#run.ui.note(`${file}: ${facts.join("; ")}`);
  }

  /** What an earlier run has begun under this name, if it would be called as it is now. */
  #takeBegun(name: string): ArchiveName | undefined {
    const at = this.#unfinished.findLastIndex(
      (each) =>
        each.name === name && each.file === formatArchiveName(each.number, name, this.#options.compression),
    );
    return at < 0 ? undefined : this.#unfinished.splice(at, 1)[0];
  }

  #nextName(name: string): ArchiveName {
    const number = ++this.#number;
    return { file: formatArchiveName(number, name, this.#options.compression), number, name };
  }

  /** @returns undefined when what was begun is another archive; it is gone then */
  async #resume(planned: PlannedArtifact, file: string, run: RunContext): Promise<RunSummary | undefined> {
    try {
      return await writeBatchArchive(planned, file, this.#options, run);
    } catch (error) {
      if (!(error instanceof AceError) || error.code !== "input") throw error;
      run.ui.log("warn", `${file} is begun anew, under another number: ${error.message}`);
      await removeUnfinished(this.#options.syncDirectory, file);
      return undefined;
    }
  }

  /** What earlier runs have begun and this one does not want: it may be large, and nobody else sees it. */
  tellUnfinished(): void {
    if (this.#unfinished.length === 0) return;
    const names = someOf(this.#unfinished.map(({ file }) => unfinishedName(file)));
    this.#run.ui.log(
      "warn",
      `begun by an earlier run, and not wanted now: ${names} in ${this.#options.syncDirectory}; remove it unless a run with another list or compression is to go on with it`,
    );
  }
}

function neverPlanned(): never {
  throw new Error("there is no artifact to plan");
}
