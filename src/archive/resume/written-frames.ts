/** A compressed archive that an interrupted run left: taken apart frame by frame, as far as the frames are whole. */
import { setImmediate } from "node:timers/promises";
import { AceError } from "../../errors.ts";
import type { Packing } from "../../format/packing-levels.ts";
import { readFrame, readTornFrame } from "../../format/read-frame.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { hasherFor } from "../../oci/digest.ts";
import { type FrameMark, frameBytes, packedLimit } from "../../pool/frames/compressors.ts";
import type { KeptFrames } from "../../pool/jobs.ts";
import type { WrittenArchive } from "./compare-with-plan.ts";
import type { WrittenBytes } from "./written-bytes.ts";

export class WrittenFrames implements WrittenArchive {
  readonly #written: WrittenBytes;
  readonly #packing: Packing;
  readonly #archiveBytes: number;
  readonly #signal: AbortSignal;
  readonly #marks: FrameMark[] = [];
  /** Content of the frame at hand, and where it begins. */
  #frame: Uint8Array = new Uint8Array(0);
  #frameAt = 0;
  #ended = false;
  #isForeign = false;
  /** Every frame is unpacked anyway, so that hashing costs little: no checkpoint is needed. */
  readonly vouched = 0;
  #bad = Number.POSITIVE_INFINITY;
  #hashed = 0;

  /** @param archiveBytes of the whole tar: only its last frame may be shorter than others */
  constructor(written: WrittenBytes, packing: Packing, archiveBytes: number, signal: AbortSignal) {
    this.#written = written;
    this.#packing = packing;
    this.#archiveBytes = archiveBytes;
    this.#signal = signal;
  }

  get marks(): readonly FrameMark[] {
    return this.#marks;
  }

  get hashed(): number {
    return this.#hashed;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let done = 0;
    for await (const piece of this.#pieces(offset, length)) {
      bytes.set(piece, done);
      done += piece.length;
    }
    return bytes.subarray(0, done);
  }

  async check(blob: Descriptor, offset: number): Promise<number> {
    const hasher = hasherFor(blob.digest);
    let done = 0;
    for await (const piece of this.#pieces(offset, blob.size)) {
      hasher.update(piece);
      done += piece.length;
    }
    if (done < blob.size) return done;
    this.#hashed++;
    if (blob.digest.endsWith(`:${hasher.digest("hex")}`)) return done;
    this.#bad = offset;
    return 0;
  }

  async goodEnd(): Promise<number> {
    return this.#bad;
  }

  placeOf(offset: number, bytes: number): KeptFrames {
    const begin = this.#marks.findLast(({ plain }) => plain <= offset) ?? { plain: 0, packed: 0 };
    const end = this.#marks.find(({ plain }) => plain >= offset + bytes) ?? begin;
    const packedBytes = end.packed - begin.packed;
    return {
      kind: "frames",
      packing: this.#packing,
      packed: this.#written.placeOf(begin.packed, packedBytes),
      packedBytes,
      frameBytes,
      skip: offset - begin.plain,
    };
  }

  kept(verified: number): FrameMark {
    if (this.#isForeign) throw this.#foreign();
    while ((this.#marks.at(-1)?.plain ?? 0) > verified) this.#marks.pop();
    return this.#marks.at(-1) ?? { plain: 0, packed: 0 };
  }

  /** Views of the content from `offset` on, as far as it goes. */
  async *#pieces(offset: number, length: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = offset; at < offset + length; ) {
      const piece = this.#frame.subarray(at - this.#frameAt, at - this.#frameAt + offset + length - at);
      if (piece.length > 0) {
        yield piece;
        at += piece.length;
      } else if (this.#ended || !(await this.#next())) return;
    }
  }

  /** Unpacks the next frame. @returns false when no whole one follows */
  async #next(): Promise<boolean> {
    await setImmediate();
    this.#signal.throwIfAborted();
    const from = this.#marks.at(-1) ?? { plain: 0, packed: 0 };
    const packed = this.#written.read(from.packed, packedLimit);
    const frame = packed.length === 0 ? undefined : readFrame(this.#packing, packed, frameBytes);
    if (frame === undefined) {
      this.#ended = true;
      // Of a first frame that is torn the front may tell whose it is; nothing of it is kept.
      if (from.packed === 0) this.#frame = this.#tornFront(packed);
      return from.packed === 0 && this.#frame.length > 0;
    }
    this.#frame = frame.plain;
    this.#frameAt = from.plain;
    if (frame.plain.length !== Math.min(frameBytes, this.#archiveBytes - from.plain)) {
      if (from.packed > 0) throw this.#foreign();
      // Its front may say better what is wrong with it.
      this.#ended = true;
      this.#isForeign = true;
      return true;
    }
    this.#marks.push({
      plain: from.plain + frame.plain.length,
      packed: from.packed + frame.packedBytes,
    });
    return true;
  }

  #tornFront(packed: Uint8Array): Uint8Array {
    const torn = readTornFrame(this.#packing, packed, frameBytes);
    // What cannot be read at all may be the first frame, cut; a longer file has to show whose it is.
    if (torn === undefined || (torn.length === 0 && this.#written.bytes > packedLimit)) throw this.#foreign();
    return torn;
  }

  #foreign(): AceError {
    return new AceError(
      "input",
      `Cannot resume ${this.#written.name}: it was not compressed by this program, or it holds another archive`,
      { hint: { kind: "replace", written: "file" } },
    );
  }
}
