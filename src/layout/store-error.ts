/** What the system says about the local store, as an error of ours. */
import { AceError, systemState } from "../errors.ts";

/** @param act such as "write to" */
export function storeError(act: string, path: string, cause: unknown): AceError {
  const state = systemState(cause);
  return new AceError("medium", `Cannot ${act} the local store at ${JSON.stringify(path)}: ${state}`, {
    cause,
    hint: 'Its place is cachePath in the configuration or ACE_DT_CACHE_PATH; "ace-dt util prune" makes room.',
  });
}
