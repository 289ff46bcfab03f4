/** How much of a big blob is asked for at a time: more where the processor is what holds things up, and not the network. */

/** No range is larger. Measured: one connection a blob, and no ranges at all, save nothing more. Bytes. */
const largestBytes = 16 * 1024 * 1024;

/** Large ranges are so many times as large as small ones. */
const largeFactor = 4;

/** How long a thread is watched at least, in milliseconds. */
const spanMs = 100;

/** A thread that works for this part of the time may be held up by the processor: 0.57 with the registry on the same two cores. */
const busyPart = 0.3;

/** With large ranges it must work for this part of what it worked before: as it is as much for each byte, fewer bytes come otherwise. */
const keptPart = 0.7;

/**
 * A small range, in bytes: a 32nd of the window, so that every connection can have one in it. At 20 MB/s a connection and
 * 20 ms a round trip, asking again every 4 MiB costs a tenth; below 1 MiB it would cost too much.
 */
export function partBytes(windowBytes: number): number {
  return Math.min(largestBytes, Math.max(1, Math.floor(windowBytes / 32 / 1024 / 1024)) * 1024 * 1024);
}

/**
 * A thread's own. Large ranges are tried once the thread is busy for two spans, the first of which may be its beginning, and given
 * up for good when it then has less to do: the window holds fewer connections with them. Measured with 16 MiB beside 4 MiB: from
 * loopback on two cores a tenth of the CPU time less, over connections of 20 MB/s, which keep it busy for 0.15, half the speed.
 */
export class PartSize {
  #factor = 1;
  #givenUp = false;
  /** The part of the time that the thread worked in the last span with small ranges. */
  #before = 0;
  #last: Clocks;
  readonly #read: () => Clocks;

  /** @param read for tests */
  constructor(read: () => Clocks = readThread) {
    this.#read = read;
    this.#last = read();
  }

  /** Bytes of the next range. */
  bytes(windowBytes: number): number {
    return Math.min(largestBytes, this.#factor * partBytes(windowBytes));
  }

  /** To be called now and then: when a range is there. */
  look(): void {
    if (this.#givenUp) return;
    const now = this.#read();
    const passedMs = now.atMs - this.#last.atMs;
    if (passedMs < spanMs) return;
    const worked = (now.workedMs - this.#last.workedMs) / passedMs;
    this.#last = now;
    if (this.#factor === 1) {
      if (Math.min(worked, this.#before) >= busyPart) this.#factor = largeFactor;
      this.#before = worked;
    } else if (worked < keptPart * this.#before) {
      this.#factor = 1;
      this.#givenUp = true;
    }
  }
}

/** In milliseconds. */
export interface Clocks {
  atMs: number;
  /** Processor time of this thread. */
  workedMs: number;
}

function readThread(): Clocks {
  const { user, system } = process.threadCpuUsage();
  return { atMs: performance.now(), workedMs: (user + system) / 1000 };
}
