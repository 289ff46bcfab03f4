/** Whether standard output can take an archive. */
import { readFileSync } from "node:fs";
import { isatty } from "node:tty";
import { AceError, systemCodeOf } from "../../errors.ts";

/** open(2) on Linux, x86_64 and arm64 alike: octal, as proc(5) prints `flags` of a descriptor. */
const closeOnExec = 0o2000000;

/**
 * Refuses a standard output that would lose the archive, or spoil a terminal. A program that is started with it closed (`>&-`)
 * finds /dev/null there, which Bun opens in its place; such a descriptor is marked close-on-exec, and one that was handed down
 * through an exec never is.
 * @throws AceError `medium`
 */
export function checkStandardOutput(): void {
  if (isatty(1)) {
    throw new AceError("medium", "Cannot write standard output: it is a terminal", {
      hint: "Send it on with a pipe or into a file, or name a file instead of -.",
    });
  }
  const flags = /^flags:\s+([0-7]+)$/m.exec(readDescriptorFacts())?.[1] ?? "0";
  if ((Number.parseInt(flags, 8) & closeOnExec) !== 0) {
    throw new AceError("medium", "Cannot write standard output: it is closed");
  }
}

/** proc(5), fdinfo; empty where there is no /proc, and so nothing to tell by. */
function readDescriptorFacts(): string {
  try {
    return readFileSync("/proc/self/fdinfo/1", "utf8");
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return "";
    throw cause;
  }
}
