/** What to say when a registry takes no index without all of its manifests. */
import { AceError } from "../errors.ts";

/**
 * The error for a sparse index that was not taken.
 * @param reference the source reference of the image, or the index's digest
 * @returns `error` itself when it is about something else: no access, no answer, the run was stopped
 */
export function explainSparse(error: unknown, reference: string): unknown {
  if (!(error instanceof AceError) || !["registry", "not-found"].includes(error.code)) return error;
  return new AceError(
    error.code,
    `Cannot push ${reference} as a sparse index: the registry may want all of its manifests (${error.message})`,
    {
      cause: error,
      hint: { kind: "rebuild-index" },
    },
  );
}
