/** One reading, several takers, in step: the slowest sets the pace, and one that leaves holds nobody up. */

export class Tee {
  readonly #open: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
  readonly #queues: (Uint8Array[] | undefined)[];
  readonly #wakers = new Set<() => void>();
  #ended = false;
  #failure: { error: unknown } | undefined;
  #started = false;
  readonly #stop = new AbortController();

  /** @param open starts the one reading; called when the first taker asks for its first piece */
  constructor(branches: number, open: (signal: AbortSignal) => AsyncIterable<Uint8Array>) {
    this.#open = open;
    this.#queues = Array.from({ length: branches }, () => []);
  }

  /** The pieces for one taker. Leaving the loop early is leaving the tee. */
  async *branch(index: number): AsyncGenerator<Uint8Array, void, undefined> {
    if (!this.#started) {
      this.#started = true;
      void this.#pump();
    }
    try {
      for (;;) {
        const queue = this.#queues[index];
        const piece = queue?.[0];
        if (piece !== undefined) {
          yield piece;
          // Only now is it used up: the reading goes on, and its memory with it, when every taker has come back.
          queue?.shift();
          this.#wake();
        } else if (queue === undefined || this.#ended) return;
        else if (this.#failure !== undefined) throw this.#failure.error;
        else await this.#sleep();
      }
    } finally {
      this.leave(index);
    }
  }

  /** This taker wants no more; the reading goes on for the others, and ends when there are none. */
  leave(index: number): void {
    this.#queues[index] = undefined;
    if (this.#queues.every((queue) => queue === undefined)) this.#stop.abort();
    this.#wake();
  }

  async #pump(): Promise<void> {
    try {
      for await (const piece of this.#open(this.#stop.signal)) {
        for (const queue of this.#queues) queue?.push(piece);
        this.#wake();
        while (this.#queues.some((queue) => queue !== undefined && queue.length > 0)) await this.#sleep();
        if (this.#stop.signal.aborted) return;
      }
      this.#ended = true;
    } catch (error) {
      this.#failure = { error };
    } finally {
      this.#wake();
    }
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => this.#wakers.add(resolve));
  }

  #wake(): void {
    for (const waker of this.#wakers) waker();
    this.#wakers.clear();
  }
}
