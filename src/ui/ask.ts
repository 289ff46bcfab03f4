/** Asks whoever sits at the terminal. */
import { createInterface } from "node:readline";

/** True when somebody can be asked: both what is asked and the answer go over a terminal. */
export function isTerminal(stderr: NodeJS.WriteStream): boolean {
  return process.stdin.isTTY === true && stderr.isTTY === true;
}

/**
 * Writes a question and waits for a line.
 * @returns undefined when the terminal's input ended
 * @throws the signal's reason when that fires first
 */
export function askLine(
  question: string,
  stderr: NodeJS.WriteStream,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  signal.throwIfAborted();
  const lines = createInterface({ input: process.stdin, terminal: false });
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  lines.once("line", resolve);
  // The interface says so for its own close as well, when the answer is there.
  lines.once("close", () => resolve(undefined));
  stderr.write(question);
  return promise.finally(() => {
    signal.removeEventListener("abort", stop);
    lines.close();
    // An input that is listened to keeps the process alive.
    process.stdin.pause();
  });
}
