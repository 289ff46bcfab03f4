/** `mirror batch-serialize`: each artifact of a list that is new into a numbered archive of its own, with a record of it. */
import { resolve } from "node:path";
import { type BatchArtifact, readBatchList } from "../lists/batch-list.ts";
import { formatArchiveName } from "../lists/batch-names.ts";
import { formatSerialized, parseSerialized, type SerializedRecord } from "../lists/batch-records.ts";
import { formatBytes } from "../ui/format.ts";
import type { RunSummary } from "../ui/summary.ts";
import {
  finishedName,
  makeBatchDirectory,
  readBatchDirectory,
  removeUnfinished,
  someOf,
} from "./batch-directory.ts";
import { BatchBroken, BatchFailures } from "./batch-failures.ts";
import { lockBatch } from "./batch-lock.ts";
import {
  describe,
  findNewArtifacts,
  type NewArtifact,
  type PlannedArtifact,
  planArtifact,
} from "./batch-plan.ts";
import { BatchProgress } from "./batch-progress.ts";
import { RecordFile, trackerKind } from "./batch-record-file.ts";
import { type ArchiveShape, writeBatchArchive } from "./batch-write.ts";
import type { RunContext } from "./run.ts";

export interface BatchSerializeOptions extends ArchiveShape {
  batchList: string;
  /** Made when it is not there. */
  syncDirectory: string;
  /** In the directory, or an absolute path. */
  trackerFilename: string;
  manifestJson: boolean;
  recursive: boolean;
}

/** What stands in the directory when a run begins. */
interface Standing {
  tracker: RecordFile;
  records: SerializedRecord[];
  /** The highest number that any file or record has. */
  highest: number;
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
  const standing = await readStanding(options, run);
  await using tracker = standing.tracker;
  const failures = new BatchFailures(run);
  run.status.phase = "looking for what is new";
  const found = await findNewArtifacts(artifacts, standing.records, failures, run);
  const batch = new BatchRun(found, { ...standing, tracker }, failures, options, run);
  const summary = await batch.run();
  const error = failures.error("Cannot batch-serialize", `${artifacts.length} artifacts`);
  if (error !== undefined) throw error;
  return { ...summary, notes: notesOf(artifacts, found) };
}

function notesOf(artifacts: readonly BatchArtifact[], found: readonly NewArtifact[]): string[] {
  const old = artifacts.length - found.length;
  if (old === 0) return [];
  return [`${old} of ${artifacts.length} artifacts ${old === 1 ? "is" : "are"} in the directory already`];
}

/** Reads the records, and throws away what a killed run has left half written. */
async function readStanding(options: BatchSerializeOptions, run: RunContext): Promise<Standing> {
  const directory = options.syncDirectory;
  const tracker = await RecordFile.open(resolve(directory, options.trackerFilename), trackerKind);
  try {
    if (tracker.torn !== undefined) {
      run.ui.log("warn", `a crash has cut the last line of ${tracker.path}: took out ${tracker.torn}`);
    }
    const records = parseSerialized(tracker.text, tracker.path);
    const recorded = new Map(records.map((record) => [record.file, record]));
    const { archives, unfinished } = await readBatchDirectory(directory, recorded);
    const unknown = archives.map(({ file }) => file).filter((file) => !recorded.has(file));
    if (unknown.length > 0) {
      run.ui.log(
        "warn",
        `not recorded in ${tracker.path}, so their artifacts do not count as done: ${someOf(unknown)}`,
      );
    }
    const numbers = [
      ...[...records, ...archives].map(({ number }) => number),
      ...[...unfinished.map(finishedName), tracker.torn ?? ""].map((name) => Number.parseInt(name, 10) || 0),
    ];
    await removeUnfinished(directory, unfinished);
    return { tracker, records, highest: numbers.reduce((most, number) => Math.max(most, number), 0) };
  } catch (error) {
    await tracker[Symbol.asyncDispose]();
    throw error;
  }
}

/** A plan, or why there is none. */
type Planning = Promise<() => PlannedArtifact>;

/** The archives of one run. */
class BatchRun {
  readonly #found: readonly NewArtifact[];
  readonly #tracker: RecordFile;
  /** Goes up with each archive that is begun, so that within a run a number means one archive, also one that failed. */
  #number: number;
  readonly #failures: BatchFailures;
  readonly #options: BatchSerializeOptions;
  readonly #run: RunContext;
  readonly #progress: BatchProgress;

  constructor(
    found: readonly NewArtifact[],
    { tracker, highest }: Standing,
    failures: BatchFailures,
    options: BatchSerializeOptions,
    run: RunContext,
  ) {
    this.#found = found;
    this.#tracker = tracker;
    this.#number = highest;
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
    const number = ++this.#number;
    const { name, digest } = artifact;
    const file = formatArchiveName(number, name, this.#options.compression);
    const summary = await this.#progress.during(artifact, `serializing ${file}`, (run) =>
      writeBatchArchive(planned, file, this.#options, run),
    );
    const line = formatSerialized({ file, number, name, artifact: artifact.artifact, digest });
    try {
      await this.#tracker.append(line);
    } catch (error) {
      this.#run.ui.log("error", `${file} is whole but not recorded; its line is ${line.trim()}`);
      throw new BatchBroken(error);
    }
    const left = summary.blobsSkipped === 0 ? "" : `, ${formatBytes(summary.bytesSkipped)} left out`;
    this.#run.ui.note(`${file}: ${artifact.artifact}, ${formatBytes(summary.bytesMoved)}${left}`);
  }
}

function neverPlanned(): never {
  throw new Error("there is no artifact to plan");
}
