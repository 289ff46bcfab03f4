/** What one run of a template may use up: no template loops for ever or eats the memory. */
import { AceError } from "../errors.ts";

/** Nodes evaluated and elements walked in one run. A template of ten lines takes about a hundred. */
export const MAX_STEPS = 2_000_000;
/** Bytes of text that functions read for one step. */
export const BYTES_A_STEP = 64;
/** Bytes a template may write in one run: far more than any list of destinations. */
export const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
/** Bytes of one string. */
export const MAX_STRING_BYTES = 1024 * 1024;
/** Bytes of all strings that functions make in one run, also of those already thrown away. */
export const MAX_TOTAL_STRING_BYTES = 64 * 1024 * 1024;
/** Elements of one list or map. */
export const MAX_LIST_LENGTH = 100_000;
/** Elements of all lists and maps that functions make in one run. */
export const MAX_TOTAL_ELEMENTS = 1_000_000;
/** Templates that call each other: Go allows 100,000, which our stack does not hold. */
export const MAX_CALL_DEPTH = 1_000;
/** Parentheses, blocks and lists within each other, in source and in data. */
export const MAX_NESTING = 500;
/** Bytes of one regular expression. */
export const MAX_REGEXP_BYTES = 10_000;

/**
 * Counts what one run uses. Every method throws an {@link AceError} `input` when a limit is passed, which ends the
 * run: it is no error of the template language, so a template cannot catch it.
 */
export class Budget {
  #steps = 0;
  #stringBytes = 0;
  #elements = 0;

  /** Asks for `count` steps; loops in functions ask once for all their turns, before they begin. */
  steps(count = 1): void {
    this.#steps += count;
    if (!(this.#steps <= MAX_STEPS)) throw spent("steps", MAX_STEPS, "Is there a loop that does not end?");
  }

  /** Notes that a function reads texts of so many bytes: long ones cost steps, so that none is read for ever. */
  read(bytes: number): void {
    if (bytes >= BYTES_A_STEP) this.steps(Math.floor(bytes / BYTES_A_STEP));
  }

  /** Asks for a string of so many bytes, before it is made. */
  string(bytes: number): void {
    if (!(bytes <= MAX_STRING_BYTES)) throw spent("bytes in one string", MAX_STRING_BYTES);
  }

  /** Asks for a list or map of so many elements, before it is made. */
  list(length: number): void {
    if (!(length <= MAX_LIST_LENGTH)) throw spent("elements in one list", MAX_LIST_LENGTH);
  }

  /** Asks for the whole output to be so many bytes. */
  output(bytes: number): void {
    if (!(bytes <= MAX_OUTPUT_BYTES)) throw spent("bytes of output", MAX_OUTPUT_BYTES);
  }

  /** Asks to be so deep in templates that call each other. */
  depth(depth: number): void {
    if (!(depth <= MAX_CALL_DEPTH))
      throw spent("templates that call each other", MAX_CALL_DEPTH, "Does a template call itself?");
  }

  /** Asks to look so deep into data: a map may hold itself. */
  nesting(depth: number): void {
    if (!(depth <= MAX_NESTING))
      throw spent("values within each other", MAX_NESTING, "Does a map hold itself?");
  }

  /** Asks to compile a regular expression of so many bytes. */
  regexp(bytes: number): void {
    if (!(bytes <= MAX_REGEXP_BYTES)) throw spent("bytes in a regular expression", MAX_REGEXP_BYTES);
  }

  /** Notes a text that a function made; called by the engine for each result. */
  madeString(bytes: number): void {
    this.string(bytes);
    this.#stringBytes += bytes;
    if (this.#stringBytes > MAX_TOTAL_STRING_BYTES)
      throw spent("bytes in all strings", MAX_TOTAL_STRING_BYTES);
  }

  /** Notes a list or map that a function made; called by the engine for each result. */
  madeList(length: number): void {
    this.list(length);
    this.#elements += length;
    if (this.#elements > MAX_TOTAL_ELEMENTS) throw spent("elements in all lists", MAX_TOTAL_ELEMENTS);
  }
}

function spent(
  what: string,
  limit: number,
  hint = "Make the template smaller, or what it works on.",
): AceError {
  return new AceError("input", `Cannot go on with the template: more than ${limit} ${what}`, { hint });
}
