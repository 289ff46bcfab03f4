/** Writes an archive to a tape. After the first doubt about where the tape stands nothing is written any more. */
import { AceError, messageOf, systemCodeOf } from "../errors.ts";
import type { Medium } from "./medium.ts";
import { refusedSizes, type TapeDevice } from "./tape-device.ts";

/** What a medium on a tape needs to know. */
export interface TapeMediumOptions {
  /** As the user calls it. */
  name: string;
  /** Bytes of each write. */
  blockBytes: number;
  /** Bytes of a tape block; another number than `blockBytes` only in fixed block mode. */
  tapeBlockBytes: number;
  /** Where the tape stands, in blocks and filemarks; undefined when the drive cannot tell. */
  startBlock: number | undefined;
}

export class TapeMedium implements Medium {
  readonly kind = "tape";
  readonly blockBytes: number;
  readonly #device: TapeDevice;
  readonly #options: TapeMediumOptions;
  /** Tape blocks written, and those of them that a flush has brought onto the tape. */
  #blocks = 0;
  #flushed = { blocks: 0, bytes: 0 };
  #bytes = 0;
  /** The drive said that the tape is full. */
  #full = false;
  /** Why nothing may be written any more. */
  #lost: AceError | undefined;

  constructor(device: TapeDevice, options: TapeMediumOptions) {
    this.#device = device;
    this.#options = options;
    this.blockBytes = options.blockBytes;
  }

  write(block: Uint8Array, offset: number): void {
    if (this.#lost !== undefined) throw this.#lost;
    // Since the tape was looked at, much time may have passed.
    if (this.#blocks === 0) this.#comparePosition();
    let count: number;
    try {
      count = this.#device.write(block);
    } catch (cause) {
      throw this.#failedWrite(cause, block.length, offset);
    }
    this.#blocks += count / this.#options.tapeBlockBytes;
    // In fixed block mode the drive may take only a part of a write.
    if (count < block.length) throw this.#endOfTape(offset + count);
    this.#bytes = offset + block.length;
  }

  flush(): void {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#flushed.blocks === this.#blocks) return;
    this.#act("filemarks", 0, "flush");
    this.#comparePosition();
    this.#flushed = { blocks: this.#blocks, bytes: this.#bytes };
  }

  finish(): void {
    this.flush();
    this.#act("filemarks", 1, "write a filemark on");
    this.#close();
  }

  abandon(): void {
    if (this.#lost !== undefined) {
      this.#letGo();
      return;
    }
    // Whoever reads this tape must come to an end behind the last block.
    if (this.#blocks > 0) this.#act("filemarks", 1, "write a filemark on");
    this.#close();
  }

  /**
   * Closes without the filemark that the driver writes at a close after a write: after a reset it would be put at the beginning of the
   * tape, and all behind it would be lost. Any operation takes it back (st.c, "Prevent automatic WEOF"); this one moves nothing.
   */
  #letGo(): void {
    for (const act of [() => this.#device.operate("unlock", 1), () => this.#device.close()]) {
      try {
        act();
      } catch {
        // The drive has failed already, and that error is the one to report.
      }
    }
  }

  #act(operation: "filemarks", count: number, verb: string): void {
    try {
      this.#device.operate(operation, count);
    } catch (cause) {
      // At the early warning filemarks are still written, and ENOSPC says that one is not.
      const state = systemCodeOf(cause) === "ENOSPC" ? "the tape is full" : stateOf(cause);
      throw this.#lose(`Cannot ${verb} ${this.#options.name}: ${state}`, cause);
    }
  }

  /** The drive's own count against ours: it finds a rewind that nobody told us of, and blocks that were not stored. */
  #comparePosition(): void {
    const { name, startBlock } = this.#options;
    if (startBlock === undefined) return;
    const expected = startBlock + this.#blocks;
    const found = this.#device.position();
    // A drive may have stored the block for which it said that the tape is full.
    if (found === expected || (this.#full && found === expected + 1)) return;
    const where = found === undefined ? "does not say where it is" : `is at block ${found}`;
    throw this.#lose(
      `Cannot trust ${name}: the tape ${where}, and should be at block ${expected}`,
      undefined,
    );
  }

  #failedWrite(cause: unknown, length: number, offset: number): AceError {
    const code = systemCodeOf(cause);
    if (code === "ENOSPC") return this.#endOfTape(offset);
    const { name } = this.#options;
    if (code !== undefined && refusedSizes.includes(code)) {
      return new AceError(
        "medium",
        `Cannot write ${name}: the drive or its host adapter refuses blocks of ${length} bytes at byte ${offset}`,
        { cause, hint: `Give --block-size ${Math.floor(length / 2)} or less, or --block-size auto.` },
      );
    }
    return this.#lose(`Cannot write ${name}: ${stateOf(cause)} at byte ${offset}`, cause);
  }

  #endOfTape(offset: number): AceError {
    this.#full = true;
    return new AceError("medium", `Cannot write ${this.#options.name}: the tape is full at byte ${offset}`, {
      hint: "Go on with another tape and the checkpoint.",
    });
  }

  #lose(message: string, cause: unknown): AceError {
    const { startBlock, name } = this.#options;
    const { blocks, bytes } = this.#flushed;
    const place =
      startBlock === undefined ? `${blocks} blocks behind the start` : `block ${startBlock + blocks}`;
    this.#lost = new AceError("medium", message, {
      cause,
      hint: `Nothing was written after this. See mt -f ${name} status and the kernel's log (dmesg).`,
      details: [`the last flush was at byte ${bytes}, ${place} of the tape`],
    });
    return this.#lost;
  }

  #close(): void {
    try {
      this.#device.close();
    } catch (cause) {
      throw new AceError("medium", `Cannot close ${this.#options.name}: ${stateOf(cause)}`, { cause });
    }
  }
}

function stateOf(cause: unknown): string {
  return systemCodeOf(cause) === "EIO" ? "input/output error" : messageOf(cause);
}
