/** How many files this process may have open at a time, sockets included. */
import { closeSync, openSync, readFileSync } from "node:fs";
import { systemCodeOf } from "../errors.ts";

/**
 * RLIMIT_NOFILE as it is in force, from /proc/self/limits (proc_pid_limits(5)); Bun raises it to the hard limit when it starts. Infinity
 * where nothing tells.
 */
export function openFilesLimit(): number {
  try {
    const soft = /^Max open files +(\d+) /m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return Number.POSITIVE_INFINITY;
  }
}

/** Whether one more file can be opened now. */
export function canOpenFile(): boolean {
  try {
    closeSync(openSync("/dev/null", "r"));
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "EMFILE" || systemCodeOf(error) === "ENFILE") return false;
    throw error;
  }
}
