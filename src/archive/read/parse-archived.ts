/** A manifest as an archive holds it: one that cannot be read is a fault of the archive, where a registry's is one of the registry. */
import { AceError } from "../../errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type ManifestContent, parseManifest } from "../../oci/manifest.ts";

/** @throws AceError `archive` when the bytes are no manifest of a kind we know */
export function parseArchived(
  bytes: Uint8Array,
  { mediaType, digest }: Pick<Descriptor, "mediaType" | "digest">,
  archive: string,
): ManifestContent {
  try {
    return parseManifest(bytes, mediaType, `${digest} in ${archive}`);
  } catch (error) {
    if (!(error instanceof AceError)) throw error;
    const { message, hint, details, cause } = error;
    throw new AceError("archive", message, { details, cause, ...(hint === undefined ? {} : { hint }) });
  }
}
