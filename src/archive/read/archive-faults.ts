/** What can be wrong with an archive, one record a fault. */
import type { Digest } from "../../oci/digest.ts";

/**
 * - `header` a damaged tar header; `name` an entry whose name is not allowed; `cut` the archive ends too early; `trailing` something
 *   follows its end; `stream` it cannot be read any further
 * - `layout` no `oci-layout`, or a wrong one; `index` an `index.json` is missing, wrong or does not agree with what is there
 * - `duplicate` an entry stands in it twice; `digest` bytes that do not hash to their name; `size` not the length that is named
 * - `manifest` a manifest that cannot be read; `missing` something that is named and not there
 * - `manifest-json` names what is not there; `checkpoint` the ledger does not agree
 */
export type FaultKind =
  | "header"
  | "name"
  | "cut"
  | "trailing"
  | "stream"
  | "layout"
  | "index"
  | "duplicate"
  | "digest"
  | "size"
  | "manifest"
  | "missing"
  | "manifest-json"
  | "checkpoint";

/** One fault. */
export interface ArchiveFault {
  fault: FaultKind;
  /** As the user calls it. */
  archive: string;
  /** Bytes from the (unpacked) archive's start. */
  offset?: number | undefined;
  digest?: Digest | undefined;
  /** The source reference of the first image that it harms. */
  image?: string | undefined;
  /** What is wrong, without archive, byte and digest. */
  message: string;
}
