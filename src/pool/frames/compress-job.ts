/** A compressor thread's one function. */
import { workerData } from "node:worker_threads";
import { AceError } from "../../errors.ts";
import { compressFrame, frameBound } from "../../format/compress-frame.ts";
import type { PackingChoice } from "../../format/packing-levels.ts";
import { OutgoingWindow } from "../../tape/window/outgoing-window.ts";
import type { WindowHandle } from "../../tape/window/window.ts";

/** What a compressor's thread is started with. */
export interface CompressorSettings {
  window: WindowHandle;
  choice: PackingChoice;
}

/** A piece of the window that is whole. */
export interface CompressJob {
  /** Archive offset. */
  offset: number;
  length: number;
  /** Where the frame goes: shared memory, which neither thread has to collect. */
  frame: SharedArrayBuffer;
}

let settings: { window: OutgoingWindow; choice: PackingChoice } | undefined;

function attached() {
  const { window, choice }: CompressorSettings = workerData;
  settings ??= { window: new OutgoingWindow(window), choice };
  return settings;
}

/**
 * Packs one piece into `job.frame`.
 * @returns bytes of the frame
 * @throws AceError `internal` when the frame does not fit
 */
export function runCompressJob(job: CompressJob): number {
  const { window, choice } = attached();
  const view = window.view(job.offset, job.length);
  const packed = compressFrame(
    choice,
    view.length === job.length ? view : window.copy(job.offset, job.length),
  );
  if (packed.length > job.frame.byteLength) {
    throw new AceError("internal", `Cannot compress: ${job.length} bytes became ${packed.length}`);
  }
  new Uint8Array(job.frame).set(packed);
  const { length, buffer } = packed;
  // The engine's collector does not see how much piles up outside its heap. A smaller one may be shared with others.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === frameBound(job.length)) buffer.transfer(0);
  return length;
}
