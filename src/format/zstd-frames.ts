/** Follows the frames of a zstd stream (RFC 8878), because the decoder takes a stream that is cut anywhere for a whole one. */
import { type AceError, cannotRead } from "../errors.ts";

/** What the next collected bytes are. */
type Part = "magic" | "skippable-size" | "descriptor" | "header" | "block" | "checksum" | "padding";

/**
 * Watches compressed bytes go by: knows at the end of the stream whether a frame is open, and keeps the zeros that a tape's
 * fixed blocks leave behind the last frame away from the decoder.
 */
export class ZstdFrames {
  readonly #archive: string;
  /** RFC 8878 section 3.1.1.1: the longest thing to collect is a frame header's 13 bytes behind its descriptor. */
  readonly #collected = new Uint8Array(16);
  #have = 0;
  #need = 4;
  #part: Part = "magic";
  /** Bytes of block or skippable content that need no reading. */
  #run = 0;
  #checksumBytes = 0;
  #offset = 0;

  constructor(archive: string) {
    this.#archive = archive;
  }

  /**
   * Takes compressed bytes, any number at a time.
   * @returns what of them is for the decoder: a view of `chunk` from its start
   * @throws AceError `archive` naming the compressed byte that cannot be
   */
  accept(chunk: Uint8Array): Uint8Array {
    let end = this.#part === "padding" ? 0 : chunk.length;
    for (let start = 0; start < chunk.length; ) {
      const before = start;
      start += this.#take(chunk, start);
      // No magic begins with a zero, so that one zero at a frame's place is the start of the padding.
      const isPadding = this.#part === "magic" && this.#have > 0 && this.#collected[0] === 0;
      if (isPadding) {
        this.#offset -= start - before;
        start = before;
        end = before;
        this.#have = 0;
        this.#expect("padding", 1);
      } else if (this.#run === 0 && this.#have === this.#need) this.#finishPart();
    }
    return chunk.subarray(0, end);
  }

  /**
   * Checks that the stream may end here.
   * @throws AceError `archive` when a frame is open
   */
  end(): void {
    const isBetween = this.#run === 0 && this.#have === 0;
    if (isBetween && (this.#part === "magic" || this.#part === "padding")) return;
    throw this.#fail(`the zstd stream ends in the middle of a frame, at compressed byte ${this.#offset}`);
  }

  /** Advances through a run, or collects bytes of the part in progress. */
  #take(chunk: Uint8Array, start: number): number {
    const left = chunk.length - start;
    const taken = Math.min(left, this.#run > 0 ? this.#run : this.#need - this.#have);
    if (this.#run > 0) this.#run -= taken;
    else {
      this.#collected.set(chunk.subarray(start, start + taken), this.#have);
      this.#have += taken;
    }
    this.#offset += taken;
    return taken;
  }

  #finishPart(): void {
    const bytes = this.#collected.subarray(0, this.#have);
    this.#have = 0;
    switch (this.#part) {
      case "magic":
        this.#readMagic(little(bytes));
        break;
      case "skippable-size":
        this.#run = little(bytes);
        this.#expect("magic", 4);
        break;
      case "descriptor":
        this.#readDescriptor(bytes[0] ?? 0);
        break;
      case "header":
        this.#expect("block", blockHeaderBytes);
        break;
      case "block":
        this.#readBlock(little(bytes));
        break;
      case "checksum":
        this.#expect("magic", 4);
        break;
      case "padding":
        if (bytes[0] === 0) break;
        throw this.#fail(`something follows the end of the archive at compressed byte ${this.#offset - 1}`);
    }
  }

  #expect(part: Part, bytes: number): void {
    this.#part = part;
    this.#need = bytes;
  }

  #readMagic(magic: number): void {
    if (magic === frameMagic) this.#expect("descriptor", 1);
    else if (magic >>> 4 === 0x184d2a5) this.#expect("skippable-size", 4);
    else throw this.#fail(`something that is no zstd frame is at compressed byte ${this.#offset - 4}`);
  }

  #readDescriptor(descriptor: number): void {
    const { bytes, checksumBytes } = frameHeader(descriptor);
    this.#checksumBytes = checksumBytes;
    this.#expect("header", bytes);
  }

  #readBlock(header: number): void {
    const { isLast, bytes } = blockHeader(header);
    if (bytes === undefined)
      throw this.#fail(`a zstd block of no known type is at compressed byte ${this.#offset - 3}`);
    this.#run = bytes;
    if (!isLast) this.#expect("block", blockHeaderBytes);
    else if (this.#checksumBytes > 0) this.#expect("checksum", this.#checksumBytes);
    else this.#expect("magic", 4);
  }

  #fail(state: string): AceError {
    return cannotRead("archive", `archive ${JSON.stringify(this.#archive)}`, state, {
      hint: "The archive is damaged or incomplete: copy it again.",
    });
  }
}

/** RFC 8878 section 3.1.1: what a frame begins with, and behind it a byte that describes its header. */
export const frameMagic = 0xfd2fb528;

/** RFC 8878 section 3.1.1.1.1: how the header goes on behind its descriptor, and what comes behind the last block. Bytes. */
export function frameHeader(descriptor: number): { bytes: number; checksumBytes: number } {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
  const dictionary = [0, 1, 2, 4][descriptor & 0x03] ?? 0;
  const window = isSingleSegment ? 0 : 1;
  return { bytes: window + dictionary + contentSize, checksumBytes: (descriptor & 0x04) === 0 ? 0 : 4 };
}

export const blockHeaderBytes = 3;

/** RFC 8878 section 3.1.1.2: a bit for the last one, two bits of type, the size. @returns `bytes` of its content; undefined for no known type */
export function blockHeader(header: number): { isLast: boolean; bytes: number | undefined } {
  const type = (header >>> 1) & 3;
  // A run-length block has one byte, whatever it expands to.
  const bytes = type === 3 ? undefined : type === 1 ? 1 : header >>> 3;
  return { isLast: (header & 1) !== 0, bytes };
}

/** An unsigned little-endian number of up to four bytes. */
export function little(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
