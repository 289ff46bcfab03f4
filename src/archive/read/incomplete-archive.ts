/** The error for an archive that lacks what the destination does not have either. */
import { AceError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";

/** Something that is nowhere. */
interface Missing {
  descriptor: Descriptor;
  role: "manifest" | "blob";
  /** The source reference it belongs to. */
  reference: string | undefined;
}

/** Names every piece that is missing, sorted, so that two runs say the same. */
export function incompleteArchive(archive: string, missing: readonly Missing[]): AceError {
  const lines = missing
    .map(
      ({ descriptor, role, reference }) =>
        `${role} ${descriptor.digest} (${descriptor.size} bytes) of ${reference ?? "the archive's index"}`,
    )
    .sort();
  return new AceError(
    "archive",
    `Cannot finish ${archive}: ${missing.length} ${missing.length === 1 ? "piece is" : "pieces are"} neither in the archive nor at the destination`,
    {
      details: lines,
      hint: "Deserialize the earlier parts into the same repository first, then this one again.",
    },
  );
}
