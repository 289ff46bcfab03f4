/** The windows of an archive that is written, and what ends the writing before its end: one cause for all of its threads. */
import type { AceError } from "../../errors.ts";
import { frameBytes } from "../../pool/frames/compressors.ts";
import { FirstCause } from "../../tape/window/first-cause.ts";
import { OutgoingWindow } from "../../tape/window/outgoing-window.ts";
import { makeWindows, windowSizeFor } from "../../tape/window/window-size.ts";
import type { WriteArchiveOptions } from "../media/medium-options.ts";
import type { ResumePoint } from "../resume/resume-point.ts";

/** Frames that the window before the compressors must hold, so that cores and network work at the same time. */
const fewestFrames = 8;

export class WriteWindows {
  /** What the archive goes into. */
  readonly plain: OutgoingWindow;
  /** What the medium is written from: the same one, or one behind the compressors that shares the memory. */
  readonly packed: OutgoingWindow;
  readonly #cause = new FirstCause();
  readonly #failed = Promise.withResolvers<never>();

  /**
   * @param kept what an earlier run wrote; `from` is where this one begins
   * @param tell that there is less memory than usual
   * @throws AceError `usage` when there is not so much memory
   */
  constructor(
    { windowBytes, blockBytes, compression }: WriteArchiveOptions,
    { from, kept }: Pick<ResumePoint, "from" | "kept">,
    tell: (text: string) => void,
  ) {
    this.#failed.promise.catch(() => undefined);
    const make = (bytes: number, block: number, start: number) => {
      const { capacityBytes, chunkBytes } = windowSizeFor(bytes, block);
      return OutgoingWindow.create(capacityBytes, { start, chunkBytes, cause: this.#cause });
    };
    const { plain, packed } = makeWindows(
      windowBytes,
      (bytes) => {
        if (compression === undefined) return { plain: make(bytes, blockBytes, from), packed: undefined };
        const plainBytes = Math.max(Math.ceil(bytes / 2), fewestFrames * frameBytes);
        return {
          plain: make(plainBytes, frameBytes, from),
          packed: make(Math.ceil(bytes / 4), blockBytes, kept.packed),
        };
      },
      tell,
    );
    this.plain = plain;
    this.packed = packed ?? plain;
  }

  /** Why the writing ends before its end, whoever says it: a thread may have said so before, and then that is why. */
  fail(error: unknown): void {
    this.plain.abort(error);
    this.packed.abort(error);
    this.#failed.reject(this.cause);
  }

  /** What {@link fail} was called with first. */
  get cause(): AceError | undefined {
    return this.#cause.error;
  }

  /**
   * Waits for work that fails, and makes all else fail, when the writing does. It may go on for a while: a thread may sit in a write.
   * @throws AceError the first cause
   */
  async unlessFailed<Result>(work: Promise<Result>): Promise<Result> {
    work.catch((error: unknown) => this.fail(error));
    return await Promise.race([work, this.#failed.promise]);
  }

  /** @param isUnused nobody will look at them any more: another archive may have the memory */
  close(isUnused: boolean): void {
    for (const window of new Set([this.plain, this.packed])) {
      window.abort();
      if (isUnused) window.giveBack();
    }
  }
}
