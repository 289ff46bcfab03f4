/** Where in a compressed file each part of the archive ends up: frames are whole or nothing. */
import type { FrameMark } from "../../pool/frames/compressors.ts";

export class FrameMarks {
  readonly #marks: FrameMark[] = [];

  /** Takes the next frame's end, in order. */
  add(mark: FrameMark): void {
    this.#marks.push(mark);
  }

  /**
   * Bytes of the compressed file that are needed to get back the archive's first `offset` bytes: the end of the frame that has
   * the last of them. Infinity while that frame is not made yet.
   */
  onMedium(offset: number): number {
    let low = 0;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#marks[middle]?.plain ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return this.#marks[low]?.packed ?? Number.POSITIVE_INFINITY;
  }

  /** The last frame that ends within the compressed file's first `packed` bytes; where the first one begins when none does. */
  before(packed: number): FrameMark {
    return this.#marks.findLast((mark) => mark.packed <= packed) ?? { plain: 0, packed: 0 };
  }
}
