/** A compressor thread's one function. */

import { AceError } from "../../errors.ts";
import { compressFrame, frameBound } from "../../format/compress-frame.ts";
import type { PackingChoice } from "../../format/packing-levels.ts";
import { attachWindow, type WindowName } from "../attach-window.ts";

/** A piece of the window that is whole. */
export interface CompressJob {
  window: WindowName;
  /** Archive offset. */
  offset: number;
  length: number;
  choice: PackingChoice;
  /** Where the frame goes: shared memory, which neither thread has to collect. */
  frame: SharedArrayBuffer;
}

/**
 * Packs one piece into `job.frame`.
 * @returns bytes of the frame
 * @throws AceError `internal` when the frame does not fit
 */
export function runCompressJob(job: CompressJob): number {
  const window = attachWindow(job.window, "frames");
  const view = window.view(job.offset, job.length);
  const packed = compressFrame(
    job.choice,
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
