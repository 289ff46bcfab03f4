/** The error for a file that cannot be opened. */
import { AceError, systemState } from "../../errors.ts";

export function unreadable(path: string, cause: unknown): AceError {
  return new AceError("medium", `Cannot read ${path}: ${systemState(cause)}`, { cause });
}
