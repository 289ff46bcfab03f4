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
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const lines = createInterface({ input: process.stdin, terminal: false });
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    const end = (answer: string | undefined) => {
      signal.removeEventListener("abort", stop);
      lines.close();
      // An input that is listened to keeps the process alive.
      process.stdin.pause();
      resolve(answer);
    };
    lines.once("line", end);
    lines.once("close", () => end(undefined));
    stderr.write(question);
  });
}
