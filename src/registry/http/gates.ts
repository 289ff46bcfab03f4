/** A host that said Retry-After is left alone by every thread: one small table in shared memory. */
import { sleep } from "./stop.ts";

/** The table's memory; structured-clonable, so that each worker builds its own {@link HostGates} on it. */
export interface HostGatesHandle {
  buffer: SharedArrayBuffer;
}

/** Slots of the table. Two origins in one slot only make somebody wait too. */
const slots = 256;

// Layout: `slots` int64 (closed until this epoch millisecond), then `slots` int32 (1 = the host has answered before).
const openAtBytes = slots * BigInt64Array.BYTES_PER_ELEMENT;

/** A longest nap; after it the table is read again, because another thread may have moved the time on. */
const napMs = 1000;

/** A new table, all gates open. */
export function newHostGates(): HostGatesHandle {
  return { buffer: new SharedArrayBuffer(openAtBytes + slots * Int32Array.BYTES_PER_ELEMENT) };
}

/** One thread's view of the table. */
export class HostGates {
  readonly #openAt: BigInt64Array;
  readonly #answered: Int32Array;

  constructor(handle: HostGatesHandle) {
    this.#openAt = new BigInt64Array(handle.buffer, 0, slots);
    this.#answered = new Int32Array(handle.buffer, openAtBytes, slots);
  }

  /** Closes the gate of an origin until a point in time (epoch milliseconds); an earlier time than the one set is ignored. */
  holdUntil(origin: string, epochMs: number): void {
    const slot = slotOf(origin);
    const wanted = BigInt(Math.ceil(epochMs));
    let seen = Atomics.load(this.#openAt, slot);
    while (seen < wanted) {
      const found = Atomics.compareExchange(this.#openAt, slot, seen, wanted);
      if (found === seen) return;
      seen = found;
    }
  }

  /**
   * Waits until the gate is open; returns at once when it is.
   * @throws AceError when a signal fires
   */
  async wait(origin: string, signal: AbortSignal, ...more: readonly AbortSignal[]): Promise<void> {
    const slot = slotOf(origin);
    for (;;) {
      const leftMs = Number(Atomics.load(this.#openAt, slot)) - Date.now();
      if (leftMs <= 0) return;
      await sleep(Math.min(leftMs, napMs), [signal, ...more]);
    }
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
