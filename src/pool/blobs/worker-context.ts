/** What a blob worker keeps between jobs: its registry client, its windows, and its way to be heard. */
import { MessageChannel, parentPort, workerData } from "node:worker_threads";
import { RegistryClient } from "../../registry/client.ts";
import { Questions } from "../host/questions.ts";
import type { Notice } from "../host/thread-contract.ts";
import type { BlobWorkerAsks, WorkerSettings } from "../jobs.ts";
import { signalOfRun } from "../shared-state.ts";
import { AttachedWindows } from "./attached-windows.ts";
import { PartSize } from "./part-size.ts";
import { StoreAccess } from "./store-access.ts";

/** One a thread, made with its first job. */
export interface WorkerContext {
  client: RegistryClient;
  signal: AbortSignal;
  store: StoreAccess;
  settings: WorkerSettings;
  windows: AttachedWindows;
  partSize: PartSize;
  /** Tells the operator, now. */
  notice(notice: Notice): void;
  /** Resolves when all notices so far have been told. */
  noticesTold(): Promise<unknown>;
}

let context: WorkerContext | undefined;

/** This thread's context. */
export function workerContext(): WorkerContext {
  context ??= newContext();
  return context;
}

function newContext(): WorkerContext {
  const settings: WorkerSettings = workerData;
  const signal = signalOfRun(settings.shared);
  const { port1, port2 } = new MessageChannel();
  parentPort?.postMessage(port2, [port2]);
  const questions = new Questions<BlobWorkerAsks>(port1);
  const untold = new Set<Promise<unknown>>();
  const notice = (said: Notice) => {
    const telling: Promise<unknown> = questions
      .ask("notice", said)
      .catch(() => undefined)
      .finally(() => untold.delete(telling));
    untold.add(telling);
  };
  const client = new RegistryClient({
    connections: settings.shared.connections,
    gates: settings.shared.gates,
    userAgent: settings.userAgent,
    signal,
    onNotice: notice,
  });
  return {
    client,
    signal,
    store: new StoreAccess(settings.store, settings.shared, notice),
    settings,
    windows: new AttachedWindows((id) => questions.ask("window", id)),
    partSize: new PartSize(),
    notice,
    noticesTold: () => Promise.all(untold),
  };
}
