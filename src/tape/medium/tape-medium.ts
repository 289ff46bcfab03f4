/** Writes an archive, or a volume of one, to a tape. After the first doubt about where the tape stands nothing is written any more. */
import { AceError, systemCodeOf, systemState } from "../../errors.ts";
import { catalogueBlockBytes } from "../catalogue/catalogue.ts";
import type { TapeStart } from "../catalogue/volume.ts";
import { refusedSizes, type TapeDevice } from "../drive/tape-device.ts";
import type { VolumeMedium } from "./medium.ts";
import { TapeHead } from "./tape-head.ts";

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
  /** What an earlier run wrote reaches the early warning: nothing more is written but the catalogue. */
  isAtEnd?: boolean;
}

const newline = "\n".charCodeAt(0);

export class TapeMedium implements VolumeMedium {
  readonly kind = "tape";
  readonly blockBytes: number;
  readonly start: TapeStart;
  readonly #device: TapeDevice;
  readonly #options: TapeMediumOptions;
  readonly #head: TapeHead;
  #hasWritten = false;
  #isAtEnd: boolean;
  /** The drive said that the tape is full; blocks of a write that it may have taken all the same are still there. */
  #isFull = false;
  /** Tape blocks of a write that the drive took only in part. */
  #strays = 0;
  /** Blocks at which the catalogue begins. */
  #catalogueAt = 0;

  constructor(device: TapeDevice, options: TapeMediumOptions) {
    this.#device = device;
    this.#options = options;
    const { name, file, startBlock, fixedBlockBytes, blockBytes, nativeBytes } = options;
    const earlier = { blocks: options.earlierBlocks ?? 0, bytes: options.offset ?? 0 };
    this.#head = new TapeHead(device, name, startBlock, earlier);
    this.blockBytes = blockBytes;
    this.#isAtEnd = options.isAtEnd ?? false;
    this.start = { file, block: startBlock, tapeBlockBytes: fixedBlockBytes || blockBytes, nativeBytes };
  }

  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  write(block: Uint8Array, offset: number): number {
    this.#head.throwIfLost();
    if (this.#isAtEnd) return 0;
    // Since the tape was looked at, much time may have passed.
    if (!this.#hasWritten) this.#head.comparePosition();
    this.#isAtEnd = !this.#put(block, offset);
    if (this.#isAtEnd) return 0;
    this.#hasWritten = true;
    this.#head.bytes = offset + block.length;
    return block.length;
  }

  flush(): void {
    this.#head.throwIfLost();
    if (this.#head.isFlushed && !this.#isFull) return;
    // st refuses the write behind the one that reached the early warning, and forgets at a flush that there was one. A volume is to end at
    // the same block whether it was flushed there or not, and whoever wrote it.
    this.#isAtEnd ||= this.#head.finishWrites();
    this.#head.act("filemarks", 0, "flush");
    if (this.#isFull) this.#takeBackStrays();
    this.#head.comparePosition();
    this.#head.settle();
  }

  endData(): void {
    this.flush();
    this.#head.mark();
    this.#catalogueAt = this.#head.blocks;
  }

  addToCatalogue(piece: Uint8Array): boolean {
    this.#head.throwIfLost();
    const block = this.#paddedPiece(piece);
    if (this.#put(block, this.#head.bytes)) return true;
    // Behind the early warning each second write is refused while there is room (st.rst); two refusals are the end.
    this.#head.act("filemarks", 0, "flush");
    if (this.#countStored(block)) return true;
    this.#takeBackStrays();
    return this.#put(block, this.#head.bytes) || this.#countStored(block);
  }

  restartCatalogue(): void {
    this.#head.act("filemarks", 0, "flush");
    this.#head.goBackTo(this.#catalogueAt, this.#strays);
    this.#isFull = false;
    this.#strays = 0;
  }

  finish(): void {
    this.flush();
    this.#head.mark();
    this.#head.close();
  }

  abandon(): void {
    if (this.#head.isLost) {
      this.#head.letGo();
      return;
    }
    if (this.#isFull) this.flush();
    // Whoever reads this tape must come to an end behind the last block.
    if (this.#hasWritten) this.#head.mark();
    this.#head.close();
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
    this.#isFull = count < block.length;
    // In fixed block mode the drive may take only a part of a write; the next volume begins with all of it.
    this.#strays = this.#isFull ? this.#blocksOf(count, block) : 0;
    if (!this.#isFull) this.#head.blocks += this.#blocksOf(count, block);
    return !this.#isFull;
  }

  /** Tape blocks of so many bytes of a write. */
  #blocksOf(bytes: number, { length }: Uint8Array): number {
    return bytes / (this.#options.fixedBlockBytes || length);
  }

  /** True when the drive says by its position that it has a block for which it said that there is no room; it counts then. */
  #countStored(block: Uint8Array): boolean {
    const blocks = this.#blocksOf(block.length, block);
    if (!this.#head.isAhead(blocks)) return false;
    this.#head.blocks += blocks;
    this.#isFull = false;
    this.#strays = 0;
    return true;
  }

  /** A piece of a catalogue as a block: in fixed block mode of as many as hold it. */
  #paddedPiece(piece: Uint8Array): Uint8Array {
    const unit = this.#options.fixedBlockBytes || catalogueBlockBytes;
    const block = new Uint8Array(Math.ceil(catalogueBlockBytes / unit) * unit).fill(newline);
    block.set(piece);
    return block;
  }

  /**
   * Goes back to behind the last block that counts: a drive may have stored the one for which it said that the tape is full, or a part
   * of it, and the filemark belongs where we say that the data end.
   */
  #takeBackStrays(): void {
    const { fixedBlockBytes, blockBytes } = this.#options;
    const largest = Math.max(blockBytes, catalogueBlockBytes);
    const most = fixedBlockBytes === 0 ? 1 : Math.ceil(largest / fixedBlockBytes);
    const strays = this.#strays;
    this.#isFull = false;
    this.#strays = 0;
    this.#head.takeBack(most, strays);
  }

  #failedWrite(cause: unknown, length: number, offset: number): AceError {
    const code = systemCodeOf(cause);
    const { name } = this.#options;
    if (code !== undefined && refusedSizes.includes(code)) {
      return new AceError(
        "medium",
        `Cannot write ${name}: the drive or its host adapter refuses blocks of ${length} bytes at byte ${offset}`,
        { cause, hint: { kind: "smaller-blocks", bytes: Math.floor(length / 2) } },
      );
    }
    return this.#head.lose(`Cannot write ${name}: ${systemState(cause)} at byte ${offset}`, cause);
  }
}
