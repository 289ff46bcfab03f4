/** Bounds how much is under way at a time. */

export class Limiter {
  readonly #most: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #idleWaiters: (() => void)[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Starts work as soon as there is room, and resolves then: not when the work is done.
   * The work must not reject; it owns its errors.
   */
  async start(work: () => Promise<void>): Promise<void> {
    this.#running++;
    if (this.#running > this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    void work().finally(() => {
      this.#running--;
      this.#waiting.shift()?.();
      if (this.#running === 0) for (const wake of this.#idleWaiters.splice(0)) wake();
    });
  }

  /** Runs work within the bound and hands its result on. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      void this.start(() => work().then(resolve, reject));
    });
  }

  /** Resolves when nothing runs or waits. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }
}
