/** What a blob worker keeps between jobs: its registry client, its windows, its share of the connections. */
import { workerData } from "node:worker_threads";
import { RegistryClient } from "../../registry/client.ts";
import type { Notice } from "../host/thread-contract.ts";
import type { WorkerSettings } from "../jobs.ts";
import { stopSignal } from "../shared-state.ts";
import { PartSize } from "./part-size.ts";
import { StoreAccess } from "./store-access.ts";

/** One a thread, made with its first job. */
export interface WorkerContext {
  client: RegistryClient;
  signal: AbortSignal;
  store: StoreAccess;
  settings: WorkerSettings;
  /** Connections that this thread's jobs hold, and may hold: one each, and more for a big blob while there are some to spare. */
  connections: { inUse: number; most: number };
  partSize: PartSize;
  /** Notices since the last job ended; they travel with its answer. */
  notices: Notice[];
}

let context: WorkerContext | undefined;

/** This thread's context. */
export function workerContext(): WorkerContext {
  context ??= newContext();
  return context;
}

function newContext(): WorkerContext {
  const settings: WorkerSettings = workerData;
  const signal = stopSignal(settings.shared);
  const notices: Notice[] = [];
  const client = new RegistryClient({
    connectionsPerHost: settings.connectionsPerHost,
    gates: settings.shared.gates,
    userAgent: settings.userAgent,
    signal,
    onNotice: (notice) => notices.push(notice),
  });
  const store = new StoreAccess(settings.store, settings.shared, notices);
  return {
    client,
    signal,
    store,
    settings,
    notices,
    connections: { inUse: 0, most: settings.connectionsPerHost },
    partSize: new PartSize(),
  };
}
