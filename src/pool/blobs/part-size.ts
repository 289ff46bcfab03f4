/** How much of a big blob is asked for at a time: more where the processor is what holds things up, and not the network. */
import { readFileSync } from "node:fs";

/** No range is larger. Measured: one connection a blob, and no ranges at all, save nothing more. Bytes. */
const largestBytes = 16 * 1024 * 1024;

/** A large range is this part of the window, a small one that. */
const parts = { large: 8, small: 32 } as const;

/** The smallest range, and what ranges are a multiple of. Bytes. */
const unitBytes = 1024 * 1024;

/** How long a thread is watched at least, in milliseconds. */
const spanMs = 100;

/**
 * A thread that sleeps for this part of the time waits for its connections. Measured with other work on the machine: 0 to 0.4 from a
 * registry on the same two cores, 0.54 to 0.96 with connections of 20 MB/s.
 */
const sleepingPart = 0.5;

/** One that works for less does not have its hands full, it stands in line while others work: 0.04 to 0.15 with those slow connections. */
const workingPart = 0.25;

/**
 * Spans in a row that a thread must be awake for large ranges (the first of them may be its beginning), and asleep for small ones again
 * (a registry may be busy for a moment).
 */
const spansFor = { large: 2, small: 3 } as const;

/**
 * A range, in bytes. Small ones are such that every connection can have one in the window. At 20 MB/s a connection and
 * 20 ms a round trip, asking again every 4 MiB costs a tenth; below 1 MiB it would cost too much.
 */
export function partBytes(windowBytes: number, size: keyof typeof parts = "small"): number {
  const units = Math.max(1, Math.floor(windowBytes / parts[size] / unitBytes));
  return Math.min(largestBytes, units * unitBytes);
}

/**
 * A thread's own. Ranges become large when the thread has its hands full, and small again for good when it then sleeps: the window
 * holds fewer connections with large ones. Measured with 16 MiB beside 4 MiB: from loopback on two cores a tenth of the CPU time
 * less, over connections of 20 MB/s half the speed.
 */
export class PartSize {
  #size: keyof typeof parts = "small";
  #givenUp = false;
  /** Spans in a row that speak for the other size. */
  #spans = 0;
  #last: Spent;
  readonly #clocks: Clocks;

  constructor(clocks: Clocks = threadClocks) {
    this.#clocks = clocks;
    this.#last = clocks.spent();
  }

  /** Bytes of the next range. */
  bytes(windowBytes: number): number {
    return partBytes(windowBytes, this.#size);
  }

  /** To be called now and then: when a range is there. */
  look(): void {
    if (this.#givenUp || this.#clocks.now() - this.#last.atMs < spanMs) return;
    const spent = this.#clocks.spent();
    const passedMs = spent.atMs - this.#last.atMs;
    const worked = (spent.workedMs - this.#last.workedMs) / passedMs;
    const awake = worked + (spent.inLineMs - this.#last.inLineMs) / passedMs;
    this.#last = spent;
    const hasHandsFull = awake > 1 - sleepingPart && (worked >= workingPart || this.#size === "large");
    const better = hasHandsFull ? "large" : "small";
    this.#spans = better === this.#size ? 0 : this.#spans + 1;
    if (this.#spans < spansFor[better]) return;
    this.#givenUp = better === "small";
    this.#size = better;
    this.#spans = 0;
  }
}

/** What a thread's time went to, in milliseconds. */
export interface Spent {
  atMs: number;
  workedMs: number;
  /** It had something to do, and no processor to do it on. */
  inLineMs: number;
}

/** The time, and a thread's own account of it. */
export interface Clocks {
  now(): number;
  spent(): Spent;
}

export const threadClocks: Clocks = {
  now: () => performance.now(),
  spent: () => {
    const atMs = performance.now();
    try {
      // Nanoseconds on a processor, nanoseconds in line for one, slices of time (Linux, Documentation/scheduler/sched-stats.rst).
      const [worked, inLine] = readFileSync("/proc/thread-self/schedstat", "utf8").split(" ").map(Number);
      if (worked !== undefined && inLine !== undefined && worked > 0)
        return { atMs, workedMs: worked / 1e6, inLineMs: inLine / 1e6 };
    } catch {
      // Another system, or a kernel that does not count it.
    }
    const { user, system } = process.threadCpuUsage();
    return { atMs, workedMs: (user + system) / 1000, inLineMs: 0 };
  },
};
