/** The destinations in what a template wrote. */

/**
 * The lines as the original has them: none for no output, else those of the trimmed output, blank ones too. White space at
 * the ends is Go's (U+0085 too, U+FEFF not).
 */
export function destinationLines(output: string): string[] {
  if (output === "") return [];
  return trimmed(output).split("\n");
}

/**
 * The destinations, without repeats. The original takes a blank line for a destination without a name and then cannot use
 * it; here blank lines, and white space around a line, are nothing.
 */
export function destinationsIn(output: string): string[] {
  return [...new Set(destinationLines(output).map(trimmed))].filter((line) => line !== "");
}

function trimmed(text: string): string {
  return text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
}
