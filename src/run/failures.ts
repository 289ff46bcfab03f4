/** Collects what went wrong for single images, so that the others go on, and says it all at the end. */
import { AceError, messageOf } from "../errors.ts";
import { stoppedError } from "./run.ts";

/** One image that could not be done. */
export interface Failure {
  /** The image, and where to, as the user knows them. */
  name: string;
  error: unknown;
}

/** What failed so far. */
export class Failures {
  readonly list: Failure[] = [];
  readonly #signal: AbortSignal;

  /** @param signal of the run: a run that is stopped is no failure of an image */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * Does something for an image; undefined when that failed.
   * @throws AceError when the run is stopped
   */
  async attempt<Result>(name: string, work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      if (this.#signal.aborted) throw stoppedError(this.#signal);
      this.list.push({ name, error });
      return undefined;
    }
  }
}

/**
 * The error that a run ends with.
 * @param done images that are all right
 * @param what begins the message: `Cannot scatter`
 * @param total of images, when the others are neither done nor failed
 * @returns undefined when nothing failed; `partial` when some are done, else the code of the first failure
 */
export function failuresError(
  failures: readonly Failure[],
  done: number,
  what: string,
  total = failures.length + done,
): AceError | undefined {
  const [first] = failures;
  if (first === undefined) return undefined;
  if (failures.length === 1 && done === 0 && first.error instanceof AceError) return first.error;
  const cause = first.error;
  const code = done > 0 ? "partial" : cause instanceof AceError ? cause.code : "internal";
  const hint = cause instanceof AceError ? cause.hint : undefined;
  return new AceError(code, `${what} ${failures.length} of ${total} images`, {
    cause,
    details: failures.map(({ name, error }) => `${name}: ${messageOf(error)}`),
    ...(hint === undefined ? {} : { hint }),
  });
}
