/** The main thread's side of the blob workers: a piscina pool that runs jobs and hands back their answers. */
import { availableParallelism } from "node:os";
import type { MessagePort } from "node:worker_threads";
import { Piscina } from "piscina";
import { AceError, fromErrorData } from "../errors.ts";
import type { StoreHandle } from "../layout/local-store.ts";
import type { WindowHandle } from "../tape/window/window.ts";
import { entryPath } from "./host/entry-paths.ts";
import { answerTo } from "./host/questions.ts";
import type { Answers, Asked, OnNotice } from "./host/thread-contract.ts";
import {
  type BlobWorkerAsks,
  type Job,
  type JobAnswers,
  type JobResult,
  mapWindow,
  type WorkerSettings,
} from "./jobs.ts";
import { movedBytes, newSharedState, requestStop, type SharedState } from "./shared-state.ts";
import { Turns } from "./turns.ts";

/** How to start a pool. */
export interface PoolOptions {
  /** Connections to a host over all threads together. */
  connections: number;
  userAgent: string;
  /** At most; {@link mostThreads} when left out. */
  threads?: number;
  /** Told while a job runs, from whatever thread; nothing comes after the job's own end. */
  onNotice: OnNotice;
}

/** More than any thread ever has. */
const mostTasks = 1_000_000;

/** More threads than this only share the same network; each costs some 20 MB. */
const mostThreads = 8;

export class Pool {
  readonly #options: PoolOptions;
  readonly shared: SharedState;
  /** Jobs with connections that run at the same time. */
  readonly concurrency: number;
  readonly threads: number;
  /** Given to the threads when they start: set it before the first job. */
  store: StoreHandle | undefined;
  readonly #turns: Turns;
  #piscina: Piscina | undefined;
  #running = 0;
  /** What jobs that run are about. */
  readonly #windows = new Map<number, WindowHandle>();
  /** One a thread, for what it asks. */
  readonly #ports = new Set<MessagePort>();
  readonly #answers: Answers<BlobWorkerAsks>;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#answers = {
      notice: ({ level, text }) => {
        options.onNotice(level, text);
        return undefined;
      },
      window: (id) => {
        const handle = this.#windows.get(id);
        if (handle === undefined)
          throw new AceError("internal", `Cannot use window ${id}: no job is about it`);
        return handle;
      },
    };
    const most = options.threads ?? mostThreads;
    this.threads = Math.max(1, Math.min(availableParallelism(), most));
    this.concurrency = options.connections;
    this.shared = newSharedState(options.connections);
    this.#turns = new Turns(options.connections, this.threads);
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
   * @throws AceError what the job threw
   */
  async run<Kind extends Job["kind"]>(job: Job & { kind: Kind }): Promise<JobAnswers[Kind]> {
    this.#running++;
    try {
      const named = mapWindow<WindowHandle, number>(job, (handle) => {
        this.#windows.set(handle.id, handle);
        return handle.id;
      });
      const perform = (): Promise<JobResult<Kind>> => this.#start().run(named);
      const result = await this.#turns.run(job, perform);
      if (!result.ok) throw fromErrorData(result.error);
      return result.answer;
    } finally {
      this.#running--;
      if (this.#running === 0) this.#windows.clear();
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
    for (const port of this.#ports) port.close();
    this.#ports.clear();
  }

  #start(): Piscina {
    if (this.#piscina !== undefined) return this.#piscina;
    const workerData: WorkerSettings = {
      shared: this.shared,
      userAgent: this.#options.userAgent,
      store: this.store,
    };
    this.#piscina = new Piscina({
      filename: entryPath("blob-worker"),
      minThreads: this.threads,
      maxThreads: this.threads,
      // How many run is decided before they come here.
      concurrentTasksPerWorker: mostTasks,
      // With atomics piscina blocks an idle worker, and with it the sockets it keeps alive.
      atomics: "disabled",
      workerData,
    });
    this.#piscina.on("message", (port: MessagePort) => this.#listen(port));
    return this.#piscina;
  }

  /** The first thing that a thread says is where it will ask; a thread that takes the place of one that died does so too. */
  #listen(port: MessagePort): void {
    this.#ports.add(port);
    port.on("message", (asked: Asked<BlobWorkerAsks>) => void answerTo(port, asked, this.#answers));
    port.on("close", () => this.#ports.delete(port));
    // Whoever runs a job waits for it; what may be asked keeps no process alive.
    port.unref();
  }
}
