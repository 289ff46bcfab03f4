/** Follows the frames of a zstd stream (RFC 8878), because the decoder takes a stream that is cut anywhere for a whole one. */
import { AceError } from "../errors.ts";

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
  #checksum = false;
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
        this.#expect("block", 3);
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
    if (magic === 0xfd2fb528) this.#expect("descriptor", 1);
    else if (magic >>> 4 === 0x184d2a5) this.#expect("skippable-size", 4);
    else throw this.#fail(`something that is no zstd frame is at compressed byte ${this.#offset - 4}`);
  }

  /** RFC 8878 section 3.1.1.1.1. */
  #readDescriptor(descriptor: number): void {
    const singleSegment = (descriptor & 0x20) !== 0;
    this.#checksum = (descriptor & 0x04) !== 0;
    const contentSize = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
    const dictionary = [0, 1, 2, 4][descriptor & 0x03] ?? 0;
    this.#expect("header", (singleSegment ? 0 : 1) + dictionary + contentSize);
  }

  /** RFC 8878 section 3.1.1.2: a bit for the last one, two bits of type, the size. */
  #readBlock(header: number): void {
    const type = (header >>> 1) & 3;
    if (type === 3)
      throw this.#fail(`a zstd block of no known type is at compressed byte ${this.#offset - 3}`);
    // A run-length block has one byte, whatever it expands to.
    this.#run = type === 1 ? 1 : header >>> 3;
    const isLast = (header & 1) !== 0;
    if (!isLast) this.#expect("block", 3);
    else if (this.#checksum) this.#expect("checksum", 4);
    else this.#expect("magic", 4);
  }

  #fail(state: string): AceError {
    return new AceError("archive", `Cannot read archive ${JSON.stringify(this.#archive)}: ${state}`, {
      hint: "The archive is damaged or incomplete: copy it again.",
    });
  }
}

/** An unsigned little-endian number of up to four bytes. */
function little(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}
