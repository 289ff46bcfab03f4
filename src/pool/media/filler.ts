/** The main thread's side of the filler. */
import { Worker } from "node:worker_threads";
import * as v from "valibot";
import { AceError, type ErrorData, fromErrorData } from "../../errors.ts";
import type { SourceOptions } from "../../tape/medium/read-source.ts";
import type { WindowHandle } from "../../tape/window/window.ts";
import { entryPath } from "../host/entry-paths.ts";

/** What starts a filler. */
export interface FillerStart extends SourceOptions {
  window: WindowHandle;
  /** Bytes that the writer writes at a time. */
  stepBytes: number;
}

/** What a filler says, once. */
export type FillerMessage = { kind: "ended"; at: number } | { kind: "failed"; error: ErrorData };

const fillerMessage = v.variant("kind", [
  v.object({ kind: v.literal("ended"), at: v.number() }),
  v.object({
    kind: v.literal("failed"),
    error: v.custom<ErrorData>(
      (value) => typeof value === "object" && value !== null && "code" in value && "message" in value,
    ),
  }),
]);

/**
 * Starts the filler's thread, which ends the window's stream whatever happens to the source.
 * @returns the stream's length, when all of it has been in the window; rejects with AceError `medium` when the source failed
 */
export function startFiller(start: FillerStart): Promise<number> {
  const done = Promise.withResolvers<number>();
  // Whoever drives the run awaits it when the writer has ended.
  done.promise.catch(() => undefined);
  const worker = new Worker(entryPath("filler"), { workerData: start });
  worker.on("message", (data: unknown) => {
    const message: FillerMessage = v.parse(fillerMessage, data);
    if (message.kind === "ended") done.resolve(message.at);
    else done.reject(fromErrorData(message.error));
  });
  const failed = (state: string, cause?: unknown) =>
    done.reject(new AceError("internal", `Cannot read: the filler's thread ${state}`, { cause }));
  worker.on("error", (cause) => failed(`failed: ${cause}`, cause));
  worker.on("exit", () => failed("ended early"));
  return done.promise;
}
