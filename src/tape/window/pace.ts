/** Keeps a rate: says how long to wait before more may go out. */

/** What was not used may be made up for, but only so much of it: a source that stalled must not cause a flood. */
const burstMs = 100;

export class Pace {
  readonly #bytesPerMs: number;
  /** When what went out so far would have gone out at the rate. */
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: number) {
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** @returns milliseconds until more may go out; 0 now. @param nowMs of a clock that only goes forward */
  waitMs(nowMs: number): number {
    this.#dueMs = Math.max(this.#dueMs, nowMs - burstMs);
    return Math.max(0, this.#dueMs - nowMs);
  }

  /** Says that so much went out. */
  took(bytes: number): void {
    this.#dueMs += bytes / this.#bytesPerMs;
  }
}
