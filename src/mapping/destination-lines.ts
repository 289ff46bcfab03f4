/** The destinations in what a template wrote. */

/**
 * The original's reading: nothing for no output, else the trimmed output by lines, blank ones among them. White space at
 * the ends is Go's (U+0085 too, U+FEFF not).
 */
export function destinationLines(output: string): string[] {
  if (output === "") return [];
  return output.replace(/^[\p{White_Space}]+|[\p{White_Space}]+$/gu, "").split("\n");
}
