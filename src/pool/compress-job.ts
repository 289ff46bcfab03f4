/** A compressor thread's one function. */
import { compressFrame, type Packing } from "../archive/compress-frame.ts";
import { AceError } from "../errors.ts";
import { freeChunk } from "../registry/free-chunk.ts";
import type { WindowHandle } from "../tape/window.ts";
import { attachWindow } from "./attach-window.ts";

/** A piece of the window that is whole. */
export interface CompressJob {
  window: WindowHandle;
  /** Archive offset. */
  offset: number;
  length: number;
  packing: Packing;
  /** Where the frame goes: shared memory, which neither thread has to collect. */
  frame: SharedArrayBuffer;
}

/**
 * Packs one piece into `job.frame`.
 * @returns bytes of the frame
 * @throws AceError `internal` when the frame does not fit
 */
export function runCompressJob(job: CompressJob): number {
  const window = attachWindow(job.window);
  const view = window.view(job.offset, job.length);
  const packed = compressFrame(
    job.packing,
    view.length === job.length ? view : window.copy(job.offset, job.length),
  );
  if (packed.length > job.frame.byteLength) {
    throw new AceError("internal", `Cannot compress: ${job.length} bytes became ${packed.length}`);
  }
  new Uint8Array(job.frame).set(packed);
  const { length } = packed;
  freeChunk(packed);
  return length;
}
