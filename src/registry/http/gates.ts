/**
 * A host that said Retry-After is left alone by every thread: one small table in shared memory.
 *
 * The table holds durations and no points in time: the wall clock may be set back, and Bun counts each thread's monotonic clock
 * (`performance.now()`, `process.hrtime()`) from the start of that thread.
 */
import { sleep } from "./stop.ts";

/** The table's memory; structured-clonable, so that each worker builds its own {@link HostGates} on it. */
export interface HostGatesHandle {
  buffer: SharedArrayBuffer;
}

/** Slots of the table. Two origins in one slot only make somebody wait too. */
const slots = 256;

// Layout: `slots` int64 (the newest hold), then `slots` int32 (1 = the host has answered before).
const holdsBytes = slots * BigInt64Array.BYTES_PER_ELEMENT;

/** A hold in a cell of the table: its number in the upper half, its milliseconds in the lower; those are 0 once it is over. */
const numberShift = 32n;
const msMask = (1n << numberShift) - 1n;

/** A longest nap; after it the table is read again, because another thread may have said more. */
const napMs = 1000;

/** A new table, all gates open. */
export function newHostGates(): HostGatesHandle {
  return { buffer: new SharedArrayBuffer(holdsBytes + slots * Int32Array.BYTES_PER_ELEMENT) };
}

/** One thread's view of the table. */
export class HostGates {
  readonly #holds: BigInt64Array;
  readonly #answered: Int32Array;
  /** What this thread has seen of each slot: the hold's number, and its end on this thread's own clock. */
  readonly #seen = new Map<number, { number: bigint; endMs: number }>();

  constructor(handle: HostGatesHandle) {
    this.#holds = new BigInt64Array(handle.buffer, 0, slots);
    this.#answered = new Int32Array(handle.buffer, holdsBytes, slots);
  }

  /** Closes the gate of an origin for some time from now on; one that is closed for longer stays so. */
  hold(origin: string, ms: number): void {
    const slot = slotOf(origin);
    for (;;) {
      const longestMs = BigInt(Math.ceil(Math.max(ms, this.#leftMs(slot))));
      const found = Atomics.load(this.#holds, slot);
      const own = (((found >> numberShift) + 1n) << numberShift) | longestMs;
      if (Atomics.compareExchange(this.#holds, slot, found, own) !== found) continue;
      // Threads that look later than this need not wait; those that have looked count for themselves, should this thread be gone.
      const over = () => Atomics.compareExchange(this.#holds, slot, own, own & ~msMask);
      setTimeout(over, Number(longestMs)).unref();
      return;
    }
  }

  /**
   * Waits until the gate is open; returns at once when it is.
   * @throws AceError when a signal fires
   */
  async wait(origin: string, signal: AbortSignal, ...more: readonly AbortSignal[]): Promise<void> {
    const slot = slotOf(origin);
    for (let leftMs = this.#leftMs(slot); leftMs > 0; leftMs = this.#leftMs(slot)) {
      await sleep(Math.min(leftMs, napMs), [signal, ...more]);
    }
  }

  /** Milliseconds that a gate stays closed, as far as this thread knows; 0 or less when it is open. */
  #leftMs(slot: number): number {
    const cell = Atomics.load(this.#holds, slot);
    const ms = Number(cell & msMask);
    if (ms === 0) return 0;
    const nowMs = performance.now();
    const number = cell >> numberShift;
    const seen = this.#seen.get(slot);
    if (seen?.number === number) return seen.endMs - nowMs;
    this.#seen.set(slot, { number, endMs: nowMs + ms });
    return ms;
  }

  /** Remembers that the host is alive, so that a refused connection later means a restart and not a wrong address. */
  markAnswered(origin: string): void {
    Atomics.store(this.#answered, slotOf(origin), 1);
  }

  /** True when any thread of this run ever had an answer from the host. */
  hasAnswered(origin: string): boolean {
    return Atomics.load(this.#answered, slotOf(origin)) === 1;
  }
}

/** FNV-1a over the UTF-16 units. */
function slotOf(origin: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < origin.length; index++) {
    hash = Math.imul(hash ^ origin.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash % slots;
}
