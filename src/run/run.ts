/** What every verb is given: the configuration, the wire, the hands, and somebody to tell. */
import type { Config } from "../config/config.ts";
import type { Registries } from "../config/registries.ts";
import { AceError } from "../errors.ts";
import type { Reference } from "../oci/reference.ts";
import { Pool } from "../pool/pool.ts";
import { RegistryClient } from "../registry/client.ts";
import type { Repository } from "../registry/repository.ts";
import { openFilesLimit } from "../system/open-files.ts";
import type { Ui } from "../ui/open-ui.ts";
import { newRunStatus, type RunStatus } from "../ui/status.ts";
import { RunStore } from "./run-store.ts";

/** One run of one verb. */
export interface RunContext {
  config: Config;
  registries: Registries;
  pool: Pool;
  /** This thread's client: manifests and questions. Blobs go through the pool. */
  client: RegistryClient;
  ui: Ui;
  status: RunStatus;
  /** Off until a verb asks for it. */
  store: RunStore;
  signal: AbortSignal;
  /** Of this program, for annotations and User-Agent. */
  version: string;
  /** Repositories by name, for reading (`rewritePull` applied) and for writing. */
  source(reference: Pick<Reference, "registry" | "repository">): Promise<Repository>;
  target(reference: Pick<Reference, "registry" | "repository">): Promise<Repository>;
  /** Ends the threads. Call it whatever happened. */
  close(): Promise<void>;
}

/** What {@link openRun} needs. */
export interface RunOptions {
  config: Config;
  registries: Registries;
  ui: Ui;
  signal: AbortSignal;
  version: string;
}

/** Gets everything ready; nothing is contacted and no thread is started before it is needed. */
export function openRun(options: RunOptions): RunContext {
  const { config, registries, ui, signal, version } = options;
  const userAgent = `ace-dt/${version}`;
  const limit = openFilesLimit();
  const connections = affordableConnections(config.concurrentHTTP, limit);
  if (connections < config.concurrentHTTP)
    ui.log(
      "warn",
      `only ${limit} files may be open at a time (ulimit -n): ${connections} connections to a host instead of ${config.concurrentHTTP}`,
    );
  const pool = new Pool({
    connections,
    userAgent,
    onNotice: (level, text) => ui.log(level, text),
  });
  const store = new RunStore(config, pool, (level, text) => ui.log(level, text));
  const client = new RegistryClient({
    connections: pool.shared.connections,
    gates: pool.shared.gates,
    userAgent,
    signal,
    onNotice: ({ level, text }) => ui.log(level, text),
    manifests: store,
  });
  const stop = () => pool.stop();
  signal.addEventListener("abort", stop, { once: true });
  const status = newRunStatus();
  status.inFlight = () => pool.inFlight;
  ui.watch(status);
  return {
    config,
    registries,
    pool,
    client,
    ui,
    status,
    store,
    signal,
    version,
    source: async (reference) => client.repository(await registries.pull(reference)),
    target: async (reference) => client.repository(await registries.push(reference)),
    close: async () => {
      signal.removeEventListener("abort", stop);
      await Promise.all([pool.close(), client.close()]);
      await store.close();
    },
  };
}

/**
 * Files beside the connections: what threads and their timers have, the archive, its volumes, the checkpoint, the local store. A run over
 * one connection was seen with 15.
 */
const otherFiles = 24;
/** A verb has to do with two hosts: where it reads and where it writes; and their blobs or tokens may come from another one. */
const hostsAtOnce = 3;

/** Connections to a host, at most as many as wanted, that a limit on open files has room for; one at least. */
export function affordableConnections(wanted: number, limit: number): number {
  return Math.max(1, Math.min(wanted, Math.floor((limit - otherFiles) / hostsAtOnce)));
}

/** The tag or digest to ask for; a reference without either means `latest`, as everywhere else. */
export function targetOf(reference: Reference): string {
  return reference.digest ?? reference.tag ?? "latest";
}

/** The reason of a fired signal as an error of ours. */
export function stoppedError(signal: AbortSignal): AceError {
  return signal.reason instanceof AceError
    ? signal.reason
    : new AceError("stopped", "Cannot go on: the run was stopped");
}

/**
 * Waits for something that a signal alone does not end, such as a thread that sits in a write to a pipe nobody reads.
 * @throws AceError when the signal fires first; what was waited for goes on
 */
export function unlessStopped<Result>(waiting: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(stoppedError(signal));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    void waiting.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}
