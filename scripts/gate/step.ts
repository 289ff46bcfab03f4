/** One counted step of the gate: a command whose output streams, that is killed when it hangs. */
import { repositoryRoot } from "../build-binary.ts";

/** Figures of a step or of the whole gate. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** How a command ended. */
export interface CommandEnd {
  /** The exit code; 128 + n for signal n. */
  code: number;
  timedOut: boolean;
  seconds: number;
}

/** Tells the children of the gate from those of a user: they get no input, and colours only where we have them. */
const environment = { ...process.env, ...(process.stdout.isTTY ? {} : { NO_COLOR: "1" }) };

/**
 * Runs a command in the repository's root with its output shown as it comes.
 * @param timeoutMs after this SIGTERM is sent, and 5 s later SIGKILL
 */
export async function runCommand(
  command: readonly string[],
  timeoutMs: number,
  env: Record<string, string> = {},
): Promise<CommandEnd> {
  const started = performance.now();
  let child: Bun.Subprocess<"ignore", "inherit", "inherit">;
  try {
    child = Bun.spawn([...command], {
      cwd: repositoryRoot,
      env: { ...environment, ...env },
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
    });
  } catch (error) {
    console.log(`cannot start ${command[0]}: ${error instanceof Error ? error.message : String(error)}`);
    return { code: 127, timedOut: false, seconds: 0 };
  }
  let timedOut = false;
  const hard = setTimeout(() => child.kill("SIGKILL"), timeoutMs + 5000);
  const soft = setTimeout(() => {
    timedOut = true;
    child.kill("SIGTERM");
  }, timeoutMs);
  const code = await child.exited;
  clearTimeout(soft);
  clearTimeout(hard);
  return { code, timedOut, seconds: (performance.now() - started) / 1000 };
}

/** Runs a command as one check: it passed when it ended with 0 in time. */
export async function check(name: string, command: readonly string[], timeoutMs: number): Promise<Tally> {
  headline(name);
  const end = await runCommand(command, timeoutMs);
  const good = end.code === 0 && !end.timedOut;
  const how = end.timedOut ? `killed after ${timeoutMs / 1000} s` : `exit code ${end.code}`;
  console.log(`${good ? "ok" : `FAILED (${how})`}: ${name}, ${end.seconds.toFixed(1)} s`);
  return { passed: good ? 1 : 0, failed: good ? 0 : 1, skipped: 0 };
}

/** Begins a step in the output. */
export function headline(name: string): void {
  console.log(`\n== ${name}`);
}

/** The sum of tallies. */
export function total(tallies: readonly Tally[]): Tally {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const tally of tallies) {
    sum.passed += tally.passed;
    sum.failed += tally.failed;
    sum.skipped += tally.skipped;
  }
  return sum;
}
