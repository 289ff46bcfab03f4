/** The main thread's side of every thread that does one piece of work and ends: starts it, answers it, waits for what it comes to. */
import { Worker } from "node:worker_threads";
import { AceError, fromErrorData } from "../../errors.ts";
import { entryPath, type ThreadName } from "./entry-paths.ts";
import { answerTo } from "./questions.ts";
import type { Answers, FromThread, OnNotice, ThreadContract } from "./thread-contract.ts";

/** Who is told what a thread says, and who answers it. */
export interface ThreadHandlers<Contract extends ThreadContract> {
  /** What the thread is for, in the message when it breaks down: `write`, `use /dev/nst0`. */
  act: string;
  tell?(event: Contract["tells"]): void;
  /** What there is to say, and what is waited for when that takes longer than a moment. */
  notice?: OnNotice | undefined;
  answers: Answers<Contract["asks"]>;
}

/** Whoever waits longer wants to know for what. */
const silenceMs = 2000;

/**
 * Runs a thread to its end. Only what it is started with can stop it.
 * @returns rejects with the AceError that the thread ended with, `internal` when it broke down; nobody has to await it
 */
export function runThread<Contract extends ThreadContract>(
  name: ThreadName,
  start: Contract["start"],
  handlers: ThreadHandlers<Contract>,
): Promise<Contract["result"]> {
  const { promise, resolve, reject } = Promise.withResolvers<Contract["result"]>();
  promise.catch(() => undefined);
  let silence: ReturnType<typeof setTimeout> | undefined;
  const worker = new Worker(entryPath(name), { workerData: start });
  worker.on("message", (message: FromThread<Contract>) => {
    if (message.kind !== "notice") clearTimeout(silence);
    switch (message.kind) {
      case "tell":
        return handlers.tell?.(message.event);
      case "notice":
        return handlers.notice?.(message.level, message.text);
      case "waiting":
        silence = setTimeout(() => handlers.notice?.("warn", `Waiting for ${message.what}`), silenceMs);
        return;
      case "ask":
        return void answerTo(worker, message, handlers.answers);
      case "done":
        return resolve(message.result);
      case "failed":
        return reject(fromErrorData(message.error));
    }
  });
  const broken = (state: string, cause?: unknown) => {
    clearTimeout(silence);
    reject(new AceError("internal", `Cannot ${handlers.act}: the ${name}'s thread ${state}`, { cause }));
  };
  worker.on("error", (cause) => broken(`failed: ${cause}`, cause));
  worker.on("exit", () => broken("ended early"));
  return promise;
}
