/** The main thread's side of the writer. */
import { Worker } from "node:worker_threads";
import { AceError, fromErrorData } from "../errors.ts";
import type { MediumKind } from "../tape/medium.ts";
import type { WriteLoopResult } from "../tape/write-loop.ts";
import { entryPath } from "./entry-paths.ts";
import { parseWriterMessage, type WriterStart } from "./thread-messages.ts";

/** A writer that runs. */
export interface Writer {
  /** Resolves when the medium is open. */
  opened: Promise<MediumKind>;
  /** Resolves when the writer has ended; rejects with AceError `medium` when the medium failed. */
  done: Promise<WriteLoopResult>;
  /** Bytes known to be on the medium so far. */
  durable(): number;
}

/** Tells an operator something. */
export type OnNotice = (level: "info" | "warn", text: string) => void;

/** A medium that opens at once is open by then; whoever waits longer wants to know for what. */
const silenceMs = 2000;

/**
 * Starts the writer's thread. `onDurable` is called with every offset that is safe, `onNotice` with what there is to say of the medium,
 * and that it is waited for.
 */
export function startWriter(
  start: WriterStart,
  onDurable: (offset: number) => void,
  onNotice: OnNotice = () => undefined,
): Writer {
  const opened = Promise.withResolvers<MediumKind>();
  const done = Promise.withResolvers<WriteLoopResult>();
  // Whoever cares awaits them; nobody has to await both.
  opened.promise.catch(() => undefined);
  done.promise.catch(() => undefined);
  let durable = 0;
  const waiting = setTimeout(() => {
    onNotice("warn", `Waiting for ${start.medium.destination} to be ready`);
  }, silenceMs);
  const stopWaiting = () => clearTimeout(waiting);
  opened.promise.then(stopWaiting, stopWaiting);
  const fail = (error: unknown) => {
    opened.reject(error);
    done.reject(error);
  };
  const settle = (offset: number) => {
    if (offset <= durable) return;
    durable = offset;
    onDurable(offset);
  };
  const worker = new Worker(entryPath("writer"), { workerData: start });
  worker.on("message", (data: unknown) => {
    const message = parseWriterMessage(data);
    if (message.kind === "open") opened.resolve(message.medium);
    if (message.kind === "notice") onNotice(message.level, message.text);
    if (message.kind === "durable") settle(message.offset);
    if (message.kind === "done") done.resolve(message.result);
    if (message.kind === "failed") {
      settle(message.durable);
      fail(fromErrorData(message.error));
    }
  });
  worker.on("error", (cause) =>
    fail(new AceError("internal", `Cannot write: the writer's thread failed: ${cause}`, { cause })),
  );
  worker.on("exit", () => fail(new AceError("internal", "Cannot write: the writer's thread ended early")));
  return { opened: opened.promise, done: done.promise, durable: () => durable };
}
