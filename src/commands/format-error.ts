/** What the program says on stderr when it fails. */
import { AceError, type Advice, messageOf } from "../errors.ts";
import { adviceWords, type GivenCommand } from "./advice-words.ts";

/**
 * `ace-dt: MESSAGE`, the details, and what to do; each on lines of their own, with a line break at the end.
 * @param command whose flags are named
 * @param withStack also the stack of the error and of its causes, for whoever looks for a fault of ours
 */
export function formatError(error: unknown, command: GivenCommand, withStack: boolean): string {
  const known = error instanceof AceError;
  const inWords = (text: string | Advice) => (typeof text === "string" ? text : adviceWords(text, command));
  const hint = known && error.code !== "internal" ? error.hint : withStack ? undefined : ourFault;
  const lines = [
    `ace-dt: ${known ? messageFor(error, command) : `Cannot go on: ${messageOf(error)}`}`,
    ...(known ? error.details.map(inWords) : []),
    ...[hint === undefined ? undefined : inWords(hint)].map((text) => text && `hint: ${text}`),
    ...(withStack ? stacksOf(error) : []),
  ];
  return `${lines.filter((line) => line !== undefined).join("\n")}\n`;
}

const ourFault = "This is a fault of ace-dt; -v debug shows where it happened.";

/** An option that is refused is written as the flag that it was given with. */
function messageFor({ message, option }: AceError, { flags }: GivenCommand): string {
  return option !== undefined && flags.has(option)
    ? message.replace(`Cannot use ${option}`, `Cannot use --${option}`)
    : message;
}

function stacksOf(error: unknown): string[] {
  const stacks: string[] = [];
  for (let at = error; at instanceof Error && stacks.length < 5; at = at.cause)
    stacks.push(at.stack ?? at.message);
  return stacks.join("\ncaused by ").split("\n");
}
