/** Runs a user's command for a change of volumes, and ends it when the run ends. */
import { spawn } from "node:child_process";
import { AceError, systemState } from "../../errors.ts";

/**
 * Runs a command line in a shell of its own, with what it prints on our standard error.
 * @param environment added to ours
 * @returns when it ended with 0
 * @throws AceError `medium` when it did not; the signal's reason when that fired: the command gets SIGTERM then
 */
export function runHook(
  command: string,
  environment: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    // A group of its own, so that what it started ends with it.
    const child = spawn("/bin/sh", ["-c", command], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", 2, 2],
      detached: true,
    });
    const stop = () => {
      if (child.pid !== undefined) killGroup(child.pid);
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
    const fail = (state: string, cause?: unknown) =>
      reject(new AceError("medium", `Cannot change volumes: ${state}`, { cause }));
    child.on("error", (cause) => {
      signal.removeEventListener("abort", stop);
      fail(`the command for the next volume cannot be run: ${systemState(cause)}`, cause);
    });
    child.on("exit", (code, name) => {
      signal.removeEventListener("abort", stop);
      if (code === 0) resolve();
      else fail(`the command for the next volume ended with ${name ?? code}`);
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGTERM");
  } catch {
    // It has ended already.
  }
}
