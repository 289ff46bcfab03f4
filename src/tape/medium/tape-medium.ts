/** Writes an archive, or a volume of one, to a tape. After the first doubt about where the tape stands nothing is written any more. */
import { AceError, messageOf, systemCodeOf } from "../../errors.ts";
import { catalogueBlockBytes } from "../catalogue/catalogue.ts";
import { refusedSizes, type TapeDevice, type TapeOperation } from "../drive/tape-device.ts";
import type { VolumeMedium, VolumePlace } from "./medium.ts";

/** What a medium on a tape needs to know. */
export interface TapeMediumOptions {
  /** As the user calls it. */
  name: string;
  /** Bytes of each write. */
  blockBytes: number;
  /** Bytes of a tape block in fixed block mode, which divide those of a write; 0 in variable block mode, where a write is a block. */
  fixedBlockBytes: number;
  /** Where the data begin, in blocks and filemarks; undefined when the drive cannot tell. */
  startBlock: number | undefined;
  /** Number of the tape's file; undefined when the driver does not know. */
  file?: number | undefined;
  /** What such a cartridge holds without compression; undefined when that is not known. */
  nativeBytes?: number | undefined;
  /** Tape blocks behind `startBlock` that an earlier run wrote: the tape stands behind them. */
  earlierBlocks?: number;
  /** Bytes of the archive in front of what is written now. */
  offset?: number;
}

const newline = "\n".charCodeAt(0);

export class TapeMedium implements VolumeMedium {
  readonly kind = "tape";
  readonly blockBytes: number;
  readonly place: VolumePlace;
  readonly #device: TapeDevice;
  readonly #options: TapeMediumOptions;
  /** Tape blocks and filemarks behind the start, and how many of them a flush has brought onto the tape. */
  #blocks: number;
  #flushed: { blocks: number; bytes: number };
  #bytes: number;
  #hasWritten = false;
  /** The drive said that the tape is full; blocks of a write that it may have taken all the same are still there. */
  #isFull = false;
  /** Tape blocks of a write that the drive took only in part. */
  #strays = 0;
  /** Blocks at which the catalogue begins. */
  #catalogueAt = 0;
  /** Why nothing may be written any more. */
  #lost: AceError | undefined;

  constructor(device: TapeDevice, options: TapeMediumOptions) {
    this.#device = device;
    this.#options = options;
    this.blockBytes = options.blockBytes;
    this.#blocks = options.earlierBlocks ?? 0;
    this.#bytes = options.offset ?? 0;
    this.#flushed = { blocks: this.#blocks, bytes: this.#bytes };
    const { file, startBlock, fixedBlockBytes, blockBytes, nativeBytes } = options;
    this.place = { file, block: startBlock, tapeBlockBytes: fixedBlockBytes || blockBytes, nativeBytes };
  }

  write(block: Uint8Array, offset: number): number {
    if (this.#lost !== undefined) throw this.#lost;
    // Since the tape was looked at, much time may have passed.
    if (!this.#hasWritten) this.#comparePosition();
    if (!this.#put(block, offset)) return 0;
    this.#hasWritten = true;
    this.#bytes = offset + block.length;
    return block.length;
  }

  flush(): void {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#flushed.blocks === this.#blocks && !this.#isFull) return;
    this.#act("filemarks", 0, "flush");
    if (this.#isFull) this.#takeBackStrays();
    this.#comparePosition();
    this.#flushed = { blocks: this.#blocks, bytes: this.#bytes };
  }

  endData(): void {
    this.flush();
    this.#mark();
    this.#catalogueAt = this.#blocks;
  }

  addToCatalogue(piece: Uint8Array): boolean {
    if (this.#lost !== undefined) throw this.#lost;
    const block = this.#paddedPiece(piece);
    if (this.#put(block, this.#bytes)) return true;
    // Behind the early warning each second write is refused while there is room (st.rst); two refusals are the end.
    this.#act("filemarks", 0, "flush");
    if (this.#countStored(block)) return true;
    this.#takeBackStrays();
    return this.#put(block, this.#bytes) || this.#countStored(block);
  }

  restartCatalogue(): void {
    this.#act("filemarks", 0, "flush");
    const { startBlock } = this.#options;
    const back = this.#blocks + this.#strays - this.#catalogueAt;
    this.#blocks = this.#catalogueAt;
    this.#isFull = false;
    this.#strays = 0;
    if (startBlock !== undefined) this.#act("seek", startBlock + this.#blocks, "go back on");
    else if (back > 0) this.#act("backBlocks", back, "go back on");
    this.#comparePosition();
  }

  finish(): void {
    this.flush();
    this.#mark();
    this.#close();
  }

  abandon(): void {
    if (this.#lost !== undefined) {
      this.#letGo();
      return;
    }
    if (this.#isFull) this.flush();
    // Whoever reads this tape must come to an end behind the last block.
    if (this.#hasWritten) this.#mark();
    this.#close();
  }

  /** @returns false when the tape is full; nothing of the block counts then */
  #put(block: Uint8Array, offset: number): boolean {
    let count: number;
    try {
      count = this.#device.write(block);
    } catch (cause) {
      if (systemCodeOf(cause) !== "ENOSPC") throw this.#failedWrite(cause, block.length, offset);
      this.#isFull = true;
      return false;
    }
    const blocks = count / (this.#options.fixedBlockBytes || block.length);
    if (count < block.length) {
      // In fixed block mode the drive may take only a part of a write; the next volume begins with all of it.
      this.#isFull = true;
      this.#strays = blocks;
      return false;
    }
    this.#blocks += blocks;
    this.#isFull = false;
    return true;
  }

  /** Tape blocks of one write at most. */
  get #mostStrays(): number {
    const { fixedBlockBytes, blockBytes } = this.#options;
    if (fixedBlockBytes === 0) return 1;
    return Math.ceil(Math.max(blockBytes, catalogueBlockBytes) / fixedBlockBytes);
  }

  /** True when the drive says by its position that it has a block for which it said that there is no room; it counts then. */
  #countStored(block: Uint8Array): boolean {
    const { startBlock, fixedBlockBytes } = this.#options;
    const blocks = block.length / (fixedBlockBytes || block.length);
    if (startBlock === undefined || this.#device.position() !== startBlock + this.#blocks + blocks)
      return false;
    this.#blocks += blocks;
    this.#isFull = false;
    this.#strays = 0;
    return true;
  }

  /** A piece of a catalogue as a block: in fixed block mode of as many as hold it. */
  #paddedPiece(piece: Uint8Array): Uint8Array {
    const { fixedBlockBytes } = this.#options;
    const unit = fixedBlockBytes || catalogueBlockBytes;
    const bytes = Math.ceil(catalogueBlockBytes / unit) * unit;
    const block = new Uint8Array(bytes).fill(newline);
    block.set(piece);
    return block;
  }

  /**
   * Goes back to behind the last block that counts: a drive may have stored the one for which it said that the tape is full, or a part
   * of it, and the filemark belongs where we say that the data end.
   */
  #takeBackStrays(): void {
    const { startBlock } = this.#options;
    const strays = this.#strays;
    this.#isFull = false;
    this.#strays = 0;
    if (startBlock === undefined) {
      if (strays > 0) this.#act("backBlocks", strays, "go back on");
      return;
    }
    const expected = startBlock + this.#blocks;
    const found = this.#device.position() ?? expected;
    if (found > expected && found - expected <= this.#mostStrays) this.#act("seek", expected, "go back on");
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

  #mark(): void {
    this.#act("filemarks", 1, "write a filemark on");
    this.#blocks++;
    this.#flushed = { blocks: this.#blocks, bytes: this.#bytes };
  }

  #act(operation: TapeOperation, count: number, verb: string): void {
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
    if (found === expected) return;
    const where = found === undefined ? "does not say where it is" : `is at block ${found}`;
    throw this.#lose(
      `Cannot trust ${name}: the tape ${where}, and should be at block ${expected}`,
      undefined,
    );
  }

  #failedWrite(cause: unknown, length: number, offset: number): AceError {
    const code = systemCodeOf(cause);
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
