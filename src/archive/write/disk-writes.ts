/** What is written to disk beside the medium and behind it, one write after the other: the checkpoint, and the state of a set. */
import { type AceError, fromErrorData, toErrorData } from "../../errors.ts";

export class DiskWrites {
  readonly #onFailure: (error: AceError) => void;
  #last: Promise<void> = Promise.resolve();
  /** What went wrong; nothing is written any more then. */
  failure: AceError | undefined;

  /** @param onFailure told at once, while the medium is still written to */
  constructor(onFailure: (error: AceError) => void) {
    this.#onFailure = onFailure;
  }

  /** @param write resolves when it is on the disk; rejects with an AceError */
  add(write: () => Promise<void> | undefined): void {
    this.#last = this.#last.then(async () => {
      if (this.failure !== undefined) return;
      try {
        await write();
      } catch (error) {
        this.failure = fromErrorData(toErrorData(error));
        this.#onFailure(this.failure);
      }
    });
  }

  /** Resolves when everything so far is on the disk, or is not going to be. */
  settled(): Promise<void> {
    return this.#last;
  }
}
