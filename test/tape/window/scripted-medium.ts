/** A medium in memory that can be told to be slow or to fail. */
import { AceError } from "../../../src/errors.ts";
import type { Medium, MediumKind } from "../../../src/tape/medium/medium.ts";
import type { OutgoingWindow } from "../../../src/tape/window/outgoing-window.ts";

/** What goes wrong, and when. */
export interface MediumScript {
  /** The write of this block (from 0) throws. */
  failAtBlock?: number;
  /** The window is aborted before this block is written. */
  abortAtBlock?: number;
  /** There is no room for this block. */
  fullAtBlock?: number;
  /** Every 20th block takes 2 ms. */
  slow?: boolean;
}

/** One write call. */
export interface WrittenBlock {
  bytes: Uint8Array;
  offset: number;
  /** Bytes that were ready in the window then, this block included. */
  readyBytes: number;
}

export class ScriptedMedium implements Medium {
  readonly blocks: WrittenBlock[] = [];
  /** Bytes written at each flush. */
  readonly flushes: number[] = [];
  length = 0;

  constructor(
    readonly kind: MediumKind,
    readonly window: OutgoingWindow,
    readonly script: MediumScript = {},
  ) {}

  write(block: Uint8Array, offset: number): number {
    const at = this.blocks.length;
    if (this.script.slow === true && at % 20 === 0) Bun.sleepSync(2);
    if (at === this.script.abortAtBlock) this.window.abort();
    if (at === this.script.failAtBlock) throw new AceError("medium", "Cannot write: it is full");
    if (at === this.script.fullAtBlock) return 0;
    const readyBytes = this.window.lastFilled - this.window.drained;
    this.blocks.push({ bytes: Uint8Array.from(block), offset, readyBytes });
    this.length += block.length;
    return block.length;
  }

  flush(): void {
    this.flushes.push(this.length);
  }

  finish(): void {}
  abandon(): void {}
}
