/** The filler's thread: reads a stream as it is and fills a window with it, for a writer to drain. */
import { parentPort, workerData } from "node:worker_threads";
import { toErrorData } from "../../errors.ts";
import { readSource } from "../../tape/medium/read-source.ts";
import { fillWindow } from "../../tape/window/fill-window.ts";
import { Window } from "../../tape/window/window.ts";
import type { FillerMessage, FillerStart } from "./filler.ts";

/** The thread's whole life. Blocks it while it waits for the stream. */
export function runFillerThread(): void {
  const start: FillerStart = workerData;
  const say = (message: FillerMessage) => parentPort?.postMessage(message);
  const window = new Window(start.window);
  try {
    const chunks = readSource(start, () => window.aborted);
    say({ kind: "ended", at: fillWindow(window, chunks, start.stepBytes) });
  } catch (error) {
    say({ kind: "failed", error: toErrorData(error) });
  }
}
