/** Where a run begins in its set of volumes. */
import type { WrittenSet } from "../../pool/media/writer.ts";

/** Where a run begins in its set. */
export type SetBegin = Omit<WrittenSet, "name" | "isFile" | "verify" | "volumeBytes">;
