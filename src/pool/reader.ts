/** The main thread's side of the reader. */
import { Worker } from "node:worker_threads";
import type { Compression } from "../archive/decompress.ts";
import { AceError, fromErrorData } from "../errors.ts";
import { entryPath } from "./entry-paths.ts";
import { parseReaderMessage, type ReaderStart } from "./thread-messages.ts";

/**
 * Starts the reader's thread. The promise resolves with the stream's length when all of it has been in the window.
 * @param onEnd told before that how the stream was packed
 */
export function startReader(
  start: ReaderStart,
  onEnd: (compression: Compression) => void = () => {},
): Promise<number> {
  const done = Promise.withResolvers<number>();
  // The first cause wins: whoever drives the reading awaits this when the window is aborted.
  done.promise.catch(() => undefined);
  const worker = new Worker(entryPath("reader"), { workerData: start });
  worker.on("message", (data: unknown) => {
    const message = parseReaderMessage(data);
    if (message.kind === "ended") {
      onEnd(message.compression);
      done.resolve(message.at);
    } else done.reject(fromErrorData(message.error));
  });
  worker.on("error", (cause) =>
    done.reject(new AceError("internal", `Cannot read: the reader's thread failed: ${cause}`, { cause })),
  );
  worker.on("exit", () =>
    done.reject(new AceError("internal", "Cannot read: the reader's thread ended early")),
  );
  return done.promise;
}
