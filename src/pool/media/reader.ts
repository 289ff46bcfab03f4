/** The main thread's side of the reader. */
import { Worker } from "node:worker_threads";
import { AceError, fromErrorData, toErrorData } from "../../errors.ts";
import type { Compression } from "../../format/decompress.ts";
import type { MissingVolume } from "../../tape/volumes/read-volumes.ts";
import { entryPath } from "../host/entry-paths.ts";
import { parseReaderMessage, type ReaderStart, type ThreadAnswer } from "../thread-messages.ts";

/** Whom the reader speaks to. */
export interface ReaderEvents {
  /** All has been in the window; told how it was packed. */
  ended?(compression: Compression): void;
  /** Resolves when the volume may be there. @throws AceError when it is not to be had */
  change?(wanted: MissingVolume): Promise<void>;
  /** A volume is being read. */
  volume?(volume: number): void;
  /** The hash of the next segment, told before its last byte can be seen in the window. */
  segment?(sha256: string): void;
}

/** Starts the reader's thread. The promise resolves with the stream's length when all of it has been in the window. */
export function startReader(start: ReaderStart, events: ReaderEvents = {}): Promise<number> {
  const done = Promise.withResolvers<number>();
  // The first cause wins: whoever drives the reading awaits this when the window is aborted.
  done.promise.catch(() => undefined);
  const worker = new Worker(entryPath("reader"), { workerData: start });
  worker.on("message", (data: unknown) => {
    const message = parseReaderMessage(data);
    switch (message.kind) {
      case "ended":
        events.ended?.(message.compression);
        return done.resolve(message.at);
      case "failed":
        return done.reject(fromErrorData(message.error));
      case "volume":
        return events.volume?.(message.volume);
      case "segment":
        return events.segment?.(message.sha256);
      case "ask":
        void changed(message.wanted, events).then((error) => {
          const answer = { id: message.id, text: "", isLast: true, error };
          worker.postMessage(answer satisfies ThreadAnswer);
        });
    }
  });
  worker.on("error", (cause) =>
    done.reject(new AceError("internal", `Cannot read: the reader's thread failed: ${cause}`, { cause })),
  );
  worker.on("exit", () =>
    done.reject(new AceError("internal", "Cannot read: the reader's thread ended early")),
  );
  return done.promise;
}

/** @returns why the volume is not to be had */
async function changed({ message, volume, ...wanted }: MissingVolume, events: ReaderEvents) {
  try {
    if (events.change === undefined) {
      throw new AceError("medium", `Cannot go on: ${message}, and volume ${volume} is wanted`);
    }
    await events.change({ message, volume, ...wanted });
    return undefined;
  } catch (error) {
    return toErrorData(error);
  }
}
