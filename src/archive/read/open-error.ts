/** The error for a file that cannot be opened. */
import { AceError, messageOf, systemCodeOf } from "../../errors.ts";

export function openError(path: string, cause: unknown): AceError {
  const states: Readonly<Record<string, string>> = { ENOENT: "no such file", EACCES: "permission denied" };
  return new AceError(
    "medium",
    `Cannot read ${path}: ${states[systemCodeOf(cause) ?? ""] ?? messageOf(cause)}`,
    { cause },
  );
}
