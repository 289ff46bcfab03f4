/** What the system says about the local store, as an error of ours. */
import { AceError, messageOf, systemCodeOf } from "../errors.ts";

const states: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EIO: "input/output error",
};

/** @param act such as "write to" */
export function storeError(act: string, path: string, cause: unknown): AceError {
  const state = states[systemCodeOf(cause) ?? ""] ?? messageOf(cause);
  return new AceError("medium", `Cannot ${act} the local store at ${JSON.stringify(path)}: ${state}`, {
    cause,
    hint: 'Its place is cachePath in the configuration or ACE_DT_CACHE_PATH; "ace-dt util prune" makes room.',
  });
}
