/** The filler's thread: reads a stream as it is and fills a window with it, for a writer to drain. */
import { readSource } from "../../tape/medium/read-source.ts";
import { fillWindow } from "../../tape/window/fill-window.ts";
import { OutgoingWindow } from "../../tape/window/outgoing-window.ts";
import { threadMain } from "../host/thread-main.ts";
import type { FillerThread } from "./filler.ts";

/** The thread's whole life. Blocks it while it waits for the stream. */
export function runFillerThread(): void {
  threadMain<FillerThread>((start) => {
    const window = new OutgoingWindow(start.window);
    const chunks = readSource(start, () => window.aborted);
    return fillWindow(window, chunks, start.stepBytes);
  });
}
