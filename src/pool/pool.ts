/** The main thread's side of the blob workers: a piscina pool that runs jobs and hands back their answers. */
import { availableParallelism } from "node:os";
import { Piscina } from "piscina";
import { Limiter } from "../content/limiter.ts";
import { fromErrorData } from "../errors.ts";
import type { StoreHandle } from "../layout/local-store.ts";
import type { Digest } from "../oci/digest.ts";
import { entryPath } from "./host/entry-paths.ts";
import type { Notice } from "./host/thread-contract.ts";
import type { DigestJob, Job, JobResult, TargetOutcome, WorkerSettings } from "./jobs.ts";
import { nameWindows } from "./name-windows.ts";
import { parseJobResult } from "./parse-result.ts";
import { movedBytes, newSharedState, requestStop, type SharedState } from "./shared-state.ts";

/** How to start a pool. */
export interface PoolOptions {
  /** Connections to a host over all threads together. */
  connections: number;
  userAgent: string;
  /** At most; {@link mostThreads} when left out. */
  threads?: number;
  onNotice: (notice: Notice) => void;
}

/** Jobs without connections that a thread has at a time: while one waits for its file or its window, others go on. */
const readingAtOnce = 4;

/** More than any thread ever has. */
const mostTasks = 1_000_000;

/** More threads than this only share the same network; each costs some 20 MB. */
const mostThreads = 8;

export class Pool {
  readonly #options: PoolOptions;
  readonly shared: SharedState = newSharedState();
  /** Jobs with connections that run at the same time. */
  readonly concurrency: number;
  readonly threads: number;
  /** Given to the threads when they start: set it before the first job. */
  store: StoreHandle | undefined;
  readonly #connecting: Limiter;
  readonly #reading: Limiter;
  #piscina: Piscina | undefined;
  #running = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    const most = options.threads ?? mostThreads;
    this.threads = Math.max(1, Math.min(availableParallelism(), most));
    this.concurrency = options.connections;
    this.#connecting = new Limiter(this.concurrency);
    this.#reading = new Limiter(this.threads * readingAtOnce);
  }

  /** Jobs that wait or run now. */
  get inFlight(): number {
    return this.#running;
  }

  /** Bytes that jobs read the first time, over the network or from an archive. */
  get movedBytes(): number {
    return movedBytes(this.shared);
  }

  /**
   * Runs a job on some thread. Jobs that need connections start in the order in which they are given, and so do those that only
   * read; neither waits for the other.
   * @returns one outcome for each target of the job
   * @throws AceError what the job threw
   */
  async run(job: Exclude<Job, DigestJob>): Promise<readonly TargetOutcome[]> {
    return (await this.#perform(job)).outcomes;
  }

  /**
   * Hashes blobs on some thread.
   * @returns what each of the job's blobs hashes to
   * @throws AceError what the job threw
   */
  async digests(job: DigestJob): Promise<readonly Digest[]> {
    return (await this.#perform(job)).digests ?? [];
  }

  async #perform(job: Job): Promise<Extract<JobResult, { ok: true }>> {
    this.#running++;
    try {
      const result = parseJobResult(await this.#inTurn(job));
      for (const notice of result.notices) this.#options.onNotice(notice);
      if (!result.ok) throw fromErrorData(result.error);
      return result;
    } finally {
      this.#running--;
    }
  }

  /** A hash job takes no turn: its fetch job waits for it. */
  #inTurn(job: Job): Promise<unknown> {
    const perform = () => this.#start().run(nameWindows(job, this.threads));
    switch (job.kind) {
      case "fetch":
      case "upload":
      case "copy":
        return this.#connecting.run(perform);
      case "verify":
      case "keep":
      case "digest":
        return this.#reading.run(perform);
      case "hash":
        return perform();
    }
  }

  /** Starts the threads before the first job needs them. */
  warmUp(): void {
    this.#start();
  }

  /** Tells every job to stop; their promises settle soon after. */
  stop(): void {
    requestStop(this.shared);
  }

  async close(): Promise<void> {
    this.stop();
    await this.#piscina?.destroy();
    this.#piscina = undefined;
  }

  get #connectionsPerThread(): number {
    return Math.max(1, Math.ceil(this.#options.connections / this.threads));
  }

  #start(): Piscina {
    const workerData: WorkerSettings = {
      shared: this.shared,
      connectionsPerHost: this.#connectionsPerThread,
      userAgent: this.#options.userAgent,
      store: this.store,
    };
    this.#piscina ??= new Piscina({
      filename: entryPath("blob-worker"),
      minThreads: this.threads,
      maxThreads: this.threads,
      // How many run is decided before they come here.
      concurrentTasksPerWorker: mostTasks,
      // With atomics piscina blocks an idle worker, and with it the sockets it keeps alive.
      atomics: "disabled",
      workerData,
    });
    return this.#piscina;
  }
}
