/** SIGINT and SIGTERM as one abort signal. A process has one set of signals, so this is the one module with such state. */
import { writeSync } from "node:fs";
import { AceError } from "../errors.ts";

/** 128 and the signal's number, as shells count. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** After this a stopped run is ended even when something in it hangs, such as a write to a drive that waits for a tape. */
const patienceMs = 1800;

const controller = new AbortController();
let exitCode: number | undefined;

/** Fires at the first SIGINT or SIGTERM; the reason is an {@link AceError} `stopped`. */
export const stopSignal: AbortSignal = controller.signal;

/** The exit code that the signal asks for; undefined when none came. */
export function stoppedExitCode(): number | undefined {
  return exitCode;
}

/** Starts to listen. The first signal stops the run in good order, the second ends the process where it stands. */
export function listenForSignals(): void {
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      const code = exitCodes[name];
      if (exitCode !== undefined) process.exit(code);
      exitCode = code;
      const message = `Cannot finish: stopped by ${name}`;
      setTimeout(() => {
        // The run has not ended by itself, so nobody has said it yet.
        writeSync(2, `ace-dt: ${message}, and something did not let go in time\n`);
        process.exit(code);
      }, patienceMs).unref();
      controller.abort(new AceError("stopped", message));
    });
  }
}
