/** Puts one blob of an archive into the local store, verified: for an archive that passes only once. */
import { LocalStore } from "../../layout/local-store.ts";
import type { KeepJob } from "../jobs.ts";
import { readVerified } from "./verify-blob.ts";
import type { WorkerContext } from "./worker-context.ts";

/**
 * A blob that the store has already, and has right, is only read past.
 * @returns how it came to be there
 * @throws AceError `digest` when the archive's bytes are wrong, `medium` when the store cannot be written to
 */
export async function keepBlob(job: KeepJob, context: WorkerContext): Promise<"moved" | "skipped"> {
  const store = LocalStore.attach(job.store);
  if (await store.check(job.descriptor)) {
    await readVerified(job, context, () => undefined);
    return "skipped";
  }
  using ingest = store.ingest(job.descriptor);
  await readVerified(job, context, (piece) => ingest.write(piece));
  await ingest.commit();
  return "moved";
}
