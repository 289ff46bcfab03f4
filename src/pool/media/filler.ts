/** The main thread's side of the filler. */
import type { SourceOptions } from "../../tape/medium/read-source.ts";
import type { WindowHandle } from "../../tape/window/window.ts";
import { runThread } from "../host/run-thread.ts";

/** What starts a filler. */
export interface FillerStart extends SourceOptions {
  window: WindowHandle;
  /** Bytes that the writer writes at a time. */
  stepBytes: number;
}

/** The thread that puts a stream into a window as it is. */
export interface FillerThread {
  start: FillerStart;
  tells: never;
  asks: Record<never, never>;
  /** Bytes of the stream. */
  result: number;
}

/**
 * Starts the filler's thread, which ends the window's stream whatever happens to the source.
 * @returns the stream's length, when all of it has been in the window; rejects with AceError `medium` when the source failed
 */
export function startFiller(start: FillerStart): Promise<number> {
  return runThread<FillerThread>("filler", start, { act: "read", answers: {} });
}
