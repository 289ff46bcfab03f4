/** The levels of `-v` and ACE_DT_VERBOSITY. */
import { AceError, type ErrorCode } from "../errors.ts";

/** The original's names for its numbers. */
export const verbosityLevels: Readonly<Record<string, number>> = { error: 0, warn: 4, info: 8, debug: 12 };

export const defaultVerbosity = 4;

/** A level's number, or undefined when the text is none. */
export function verbosityOf(text: string): number | undefined {
  const name = text.toLowerCase();
  if (Object.hasOwn(verbosityLevels, name)) return verbosityLevels[name];
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

/**
 * Reads a level.
 * @param what the flag or variable, for the message
 * @throws AceError with the given code
 */
export function parseVerbosity(text: string, what: string, code: ErrorCode): number {
  const level = verbosityOf(text);
  if (level !== undefined) return level;
  throw new AceError(
    code,
    `Cannot use ${JSON.stringify(text)} as ${what}: want error, warn, info, debug or a number`,
  );
}
