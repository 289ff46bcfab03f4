/** Collects what went wrong for single images, so that the others go on, and says it all at the end. */
import { AceError, messageOf } from "../errors.ts";

/** One image that could not be done. */
export interface Failure {
  /** The image, and where to, as the user knows them. */
  name: string;
  error: unknown;
}

/**
 * The error that a run ends with.
 * @param done images that are all right
 * @param what begins the message: `Cannot scatter`
 * @returns undefined when nothing failed; `partial` when some are done, else the code of the first failure
 */
export function failuresError(
  failures: readonly Failure[],
  done: number,
  what: string,
): AceError | undefined {
  const [first] = failures;
  if (first === undefined) return undefined;
  if (failures.length === 1 && done === 0 && first.error instanceof AceError) return first.error;
  const cause = first.error;
  const code = done > 0 ? "partial" : cause instanceof AceError ? cause.code : "internal";
  const hint = cause instanceof AceError ? cause.hint : undefined;
  return new AceError(code, `${what} ${failures.length} of ${failures.length + done} images`, {
    cause,
    details: failures.map(({ name, error }) => `${name}: ${messageOf(error)}`),
    ...(hint === undefined ? {} : { hint }),
  });
}
