/** What the program says on stderr when it fails. */
import { AceError, messageOf } from "../errors.ts";

/**
 * `ace-dt: MESSAGE`, the details, and what to do; each on lines of their own, with a line break at the end.
 * @param withStack also the stack of the error and of its causes, for whoever looks for a fault of ours
 */
export function formatError(error: unknown, withStack: boolean): string {
  const known = error instanceof AceError;
  const lines = [
    `ace-dt: ${known ? error.message : `Cannot go on: ${messageOf(error)}`}`,
    ...(known ? error.details : []),
    ...hintOf(error, withStack),
    ...(withStack ? stacksOf(error) : []),
  ];
  return `${lines.join("\n")}\n`;
}

function hintOf(error: unknown, withStack: boolean): string[] {
  if (error instanceof AceError && error.code !== "internal") {
    return error.hint === undefined ? [] : [`hint: ${error.hint}`];
  }
  return withStack ? [] : ["hint: This is a fault of ace-dt; -v debug shows where it happened."];
}

function stacksOf(error: unknown): string[] {
  const stacks: string[] = [];
  for (let at = error; at instanceof Error && stacks.length < 5; at = at.cause)
    stacks.push(at.stack ?? at.message);
  return stacks.join("\ncaused by ").split("\n");
}
