/** Where a run begins in its set of volumes. */
import type { WrittenSet } from "../../pool/thread-messages.ts";

/** Where a run begins in its set. */
export type SetBegin = Omit<WrittenSet, "name" | "isFile" | "verify" | "volumeBytes">;
