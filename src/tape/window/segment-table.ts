/** The segments of a window, in shared memory: appended in order, advanced in any order, retired in order. */

/**
 * A segment, by the number that {@link SegmentTable.append} gave to it. It can cross threads. An archive has fewer than 2^31 of
 * them: they are counted in 32 bits.
 */
export type Segment = number;

/** Segments that may be open at a time; 2^14 of them take 512 KiB and are more than any concurrency needs. */
export const usualSlots = 16_384;

// Int32 words, beside the window's own.
const headWord = 3;
const tailWord = 4;
// Int64 words, counted from byte 64, beside the window's own.
const scanCell = 2;
const cellsAt = 64;
const slotsAt = 128;
// Int64 words of a slot.
const startCell = 0;
const endCell = 1;
const advancedCell = 2;
const receivedCell = 3;
const slotCells = 4;

/**
 * Segments take turns in the slots, but a segment that is complete is retired: whatever comes for it later changes nothing. Offsets only
 * grow, and so does what a slot says: an advance is kept only if it goes on.
 */
export class SegmentTable {
  readonly slots: number;
  readonly #words: Int32Array;
  readonly #cells: BigInt64Array;
  readonly #bounds: Float64Array;
  readonly #progress: BigInt64Array;

  /** Bytes of the window's control memory, its own words included. */
  static controlBytes(slots: number): number {
    return slotsAt + slots * slotCells * BigInt64Array.BYTES_PER_ELEMENT;
  }

  /** On the control memory of a window, whose words are zero when it is made. */
  constructor(control: SharedArrayBuffer) {
    this.#words = new Int32Array(control, 0, cellsAt / Int32Array.BYTES_PER_ELEMENT);
    this.#cells = new BigInt64Array(control, cellsAt, (slotsAt - cellsAt) / BigInt64Array.BYTES_PER_ELEMENT);
    this.#bounds = new Float64Array(control, slotsAt);
    this.#progress = new BigInt64Array(control, slotsAt);
    this.slots = this.#progress.length / slotCells;
  }

  /** Says where the first segment will begin. */
  begin(at: number): void {
    Atomics.store(this.#cells, scanCell, BigInt(at));
  }

  get isFull(): boolean {
    return Atomics.load(this.#words, headWord) - Atomics.load(this.#words, tailWord) >= this.slots;
  }

  /** The next segment, `[start, end)`: it begins where the last one ends. One thread only. @returns undefined while the table is full */
  append(start: number, end: number): Segment | undefined {
    if (this.isFull) return undefined;
    const head = Atomics.load(this.#words, headWord);
    const at = this.#slotOf(head);
    this.#bounds[at + startCell] = start;
    this.#bounds[at + endCell] = end;
    Atomics.store(this.#progress, at + advancedCell, BigInt(start));
    Atomics.store(this.#progress, at + receivedCell, BigInt(start));
    Atomics.store(this.#words, headWord, head + 1);
    return head;
  }

  /** The segment is done before `position`. Any thread. */
  advance(segment: Segment, position: number): void {
    this.#moveOn(segment, advancedCell, position);
  }

  /** A second mark of the same kind, which {@link scan} does not look at. */
  receive(segment: Segment, position: number): void {
    this.#moveOn(segment, receivedCell, position);
  }

  /** The second mark; the segment's start before it was set. Of a segment that is not complete. */
  received(segment: Segment): number {
    return Number(Atomics.load(this.#progress, this.#slotOf(segment) + receivedCell));
  }

  /**
   * How far segments are advanced without a gap. One thread only: it retires those that are complete.
   * @returns also whether the table was full and is so no more
   */
  scan(): { reached: number; hasRoomAgain: boolean } {
    const head = Atomics.load(this.#words, headWord);
    const oldTail = Atomics.load(this.#words, tailWord);
    let tail = oldTail;
    let reached = this.scanned;
    while (tail < head) {
      const at = this.#slotOf(tail);
      reached = Number(Atomics.load(this.#progress, at + advancedCell));
      if (reached < (this.#bounds[at + endCell] ?? 0)) break;
      tail++;
    }
    Atomics.store(this.#cells, scanCell, BigInt(reached));
    Atomics.store(this.#words, tailWord, tail);
    return { reached, hasRoomAgain: tail > oldTail && head - oldTail >= this.slots };
  }

  /** What {@link scan} last found; any thread. */
  get scanned(): number {
    return Number(Atomics.load(this.#cells, scanCell));
  }

  /** Where the first segment ends that is not retired; undefined when there is none. Of the thread that scans. */
  get firstEnd(): number | undefined {
    const tail = Atomics.load(this.#words, tailWord);
    if (tail === Atomics.load(this.#words, headWord)) return undefined;
    return this.#bounds[this.#slotOf(tail) + endCell];
  }

  /**
   * What is there already, or farther, stays. A segment that is retired meanwhile leaves its slot to one that begins where it ended or
   * behind, so that whatever is still said of it is never farther than what the slot says of the other.
   */
  #moveOn(segment: Segment, cell: number, position: number): void {
    if (segment < Atomics.load(this.#words, tailWord)) return;
    const at = this.#slotOf(segment) + cell;
    const wanted = BigInt(position);
    for (let seen = Atomics.load(this.#progress, at); seen < wanted; ) {
      const found = Atomics.compareExchange(this.#progress, at, seen, wanted);
      if (found === seen) return;
      seen = found;
    }
  }

  #slotOf(segment: Segment): number {
    return (segment % this.slots) * slotCells;
  }
}
