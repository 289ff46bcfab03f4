/** Fetches one blob into its place in the window, hashing as it goes; a big one over several connections at once. */
import { AceError } from "../errors.ts";
import type { Repository } from "../registry/repository.ts";
import { attachWindow } from "./attach-window.ts";
import { fetchParts, partBytes } from "./fetch-parts.ts";
import type { FetchJob, HashJob } from "./jobs.ts";
import { wrongAtSourceHint } from "./verifying-body.ts";
import { WindowFilling } from "./window-filling.ts";
import type { WorkerContext } from "./worker-context.ts";

/** Tries for a blob that is held back and arrives corrupted: nothing of it was shown to anybody yet. */
const corruptTries = 2;

/**
 * Fills `[offset, offset + size)` of the window and completes the job's slot, once the digest is verified; that is left to the
 * hash job when there is one. Never shows the writer the last byte of a blob before that.
 * @throws AceError `digest` naming both digests; whatever the registry says
 */
export async function fetchIntoWindow(job: FetchJob, context: WorkerContext): Promise<void> {
  const window = attachWindow(job.window);
  const repository = context.client.repository(job.source);
  for (let attempt = 1; ; attempt++) {
    const actual = await fetchOnce(
      new WindowFilling(job, window, context.settings.shared),
      repository,
      job,
      context,
    );
    if (actual === undefined) return;
    if (actual === job.descriptor.digest) break;
    if (!job.holdBack || attempt === corruptTries) throw corrupted(job, repository, actual);
    context.notices.push({
      level: "warn",
      text: `${repository.name}@${job.descriptor.digest} arrived as ${actual}: fetching it again`,
    });
  }
  window.advance(job.slot, job.offset + job.descriptor.size);
}

async function fetchOnce(
  filling: WindowFilling,
  repository: Repository,
  job: FetchJob,
  context: WorkerContext,
): Promise<string | undefined> {
  if (job.descriptor.size >= 2 * partBytes(filling.windowBytes))
    await fetchParts(filling, repository, job.descriptor, context);
  else await repository.readBlob(job.descriptor, { sink: filling.sink(0) });
  return filling.digest();
}

/** The error for a blob that arrived as another one. */
export function corrupted(job: FetchJob | HashJob, repository: Repository, actual: string): AceError {
  return new AceError(
    "digest",
    `Cannot use blob ${job.descriptor.digest} of ${repository.name}: the registry sent ${actual}`,
    { hint: wrongAtSourceHint },
  );
}
