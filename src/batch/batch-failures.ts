/** What went wrong for single archives of a batch, while the others went on. */
import { AceError, messageOf } from "../errors.ts";
import { type RunContext, stoppedError } from "../run/run.ts";

/** A failure of the whole batch, not of one archive: nothing that comes after it can go well. */
export class BatchBroken extends Error {
  constructor(readonly reason: unknown) {
    super(messageOf(reason), { cause: reason });
    this.name = "BatchBroken";
  }
}

const indented = (line: string) => `  ${line}`;

/** Collects them. */
export class BatchFailures {
  readonly #lines: string[] = [];
  readonly #run: RunContext;
  #count = 0;
  #first: unknown;

  constructor(run: RunContext) {
    this.#run = run;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Does something for an archive.
   * @returns undefined when it failed
   * @throws AceError when the run was stopped, and the reason of a {@link BatchBroken}
   */
  async attempt<Result>(name: string, work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      if (this.#run.signal.aborted) throw stoppedError(this.#run.signal);
      if (error instanceof BatchBroken) throw error.reason;
      this.#add(name, error);
      return undefined;
    }
  }

  #add(name: string, error: unknown): void {
    this.#first ??= error;
    this.#count++;
    this.#lines.push(`${name}: ${messageOf(error)}`);
    if (error instanceof AceError)
      this.#lines.push(...error.details.filter((detail) => typeof detail === "string").map(indented));
    this.#run.ui.log("error", `${name}: ${messageOf(error)}; the others go on`);
  }

  /**
   * The error to end with, if anything failed: also when nothing went well, its code is `partial`, for each archive stands alone.
   * @param act begins the message: `Cannot batch-serialize`
   * @param total how many there were, in words: `3 artifacts`
   */
  error(act: string, total: string): AceError | undefined {
    if (this.#count === 0) return undefined;
    const hint = this.#first instanceof AceError ? this.#first.hint : undefined;
    return new AceError("partial", `${act} ${this.#count} of ${total}`, {
      cause: this.#first,
      details: this.#lines,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
