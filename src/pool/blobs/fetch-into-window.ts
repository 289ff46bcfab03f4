/** Fetches one blob into its place in the window, hashing as it goes; a big one over several connections at once. */

import { AceError } from "../../errors.ts";
import type { LocalStore } from "../../layout/local-store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { BlobSource } from "../../registry/read-blob.ts";
import { OutgoingWindow } from "../../tape/window/outgoing-window.ts";
import type { Window } from "../../tape/window/window.ts";
import type { FetchJob, HashJob, KeptPart } from "../jobs.ts";
import { fetchParts, readRest } from "./fetch-parts.ts";
import { keptPieces } from "./kept-pieces.ts";
import { partBytes } from "./part-size.ts";
import { wrongAtSourceHint } from "./verifying-body.ts";
import { WindowFilling } from "./window-filling.ts";
import type { WorkerContext } from "./worker-context.ts";

/**
 * Fills `[offset, offset + size)` of the window and completes the job's slot, once the digest is verified; that is left to the
 * hash job when there is one. Never shows the writer the last byte of a blob before that.
 * @throws AceError `digest` naming both digests, and the blob as begun when it may not be held back; whatever the registry says
 */
export async function fetchIntoWindow(job: FetchJob<Window>, context: WorkerContext): Promise<undefined> {
  const { descriptor } = job;
  const window = OutgoingWindow.of(job.window);
  const repository = context.client.repository(job.source, window.stopSignal);
  const source = repository.blob(descriptor, { lastFirst: job.cameWrong });
  for (let holder = await holderFor(job, context); ; holder = undefined) {
    using keeping = holder === undefined ? context.store.keeping(descriptor) : undefined;
    const filling = new WindowFilling(job, context.settings.shared, (bytes) => keeping?.write(bytes));
    if (job.kept !== undefined) await keep(filling, job.kept, descriptor);
    if (
      holder === undefined ||
      !(await fillFromStore(filling, holder, descriptor, (error) => context.store.tellUnreadable(error)))
    )
      await fetch(filling, source, context);
    const actual = filling.digest();
    if (actual === descriptor.digest) window.fill(job.segment, job.offset + descriptor.size);
    if (actual === undefined || actual === descriptor.digest) {
      await keeping?.commit();
      return undefined;
    }
    if (job.holdBack && holder !== undefined) {
      context.store.dropDamaged(descriptor);
      continue;
    }
    const error = corrupted(job, source.name, actual);
    // What the writer was shown cannot be taken back, and what is on the medium only by whoever began there.
    if (!job.holdBack || job.kept !== undefined) throw error;
    if (!source.fetchAgain(error)) throw source.error;
  }
}

/** @throws AceError naming the blob as begun when what was kept is not there any more */
async function keep(filling: WindowFilling, kept: KeptPart, { digest }: Descriptor): Promise<void> {
  try {
    await filling.keep(keptPieces(kept));
  } catch (cause) {
    if (!(cause instanceof AceError) || cause.code !== "archive") throw cause;
    throw new AceError(cause.code, cause.message, { cause, begunBlob: digest });
  }
}

/** The local store when it has the blob. What the writer is shown before the end cannot be taken back, so it is hashed first. */
function holderFor(
  job: FetchJob<Window>,
  { store }: WorkerContext,
): LocalStore | undefined | Promise<LocalStore | undefined> {
  return job.holdBack ? store.holderOf(job.descriptor) : store.checkedHolderOf(job.descriptor);
}

/** @returns false when the store failed, which is told; what it gave is in the filling, and a fetch adds the rest */
async function fillFromStore(
  filling: WindowFilling,
  store: LocalStore,
  descriptor: Descriptor,
  tellUnreadable: (error: unknown) => undefined,
): Promise<boolean> {
  const sink = filling.sink(0);
  const pieces = store.read(descriptor);
  try {
    for (;;) {
      const next = await pieces.next().catch((error: unknown) => tellUnreadable(error));
      if (next === undefined) return false;
      if (next.done === true) return true;
      await sink.write(next.value);
    }
  } finally {
    await pieces.return();
  }
}

async function fetch(filling: WindowFilling, source: BlobSource, context: WorkerContext): Promise<void> {
  if (source.descriptor.size - filling.whole >= 2 * partBytes(filling.windowBytes))
    await fetchParts(filling, source, context);
  else await readRest(filling, source);
}

/** The error for a blob that arrived as another one. */
export function corrupted(
  job: FetchJob<Window> | HashJob<Window>,
  repository: string,
  actual: string,
): AceError {
  const { digest } = job.descriptor;
  if (job.kind === "fetch" && job.kept !== undefined) {
    return new AceError(
      "digest",
      `Cannot use blob ${digest} of ${repository}: the ${job.kept.bytes} bytes that an earlier run left of it and what the registry sent hash to ${actual}`,
      { begunBlob: digest },
    );
  }
  const isBegun = job.kind === "hash" || !job.holdBack;
  return new AceError("digest", `Cannot use blob ${digest} of ${repository}: the registry sent ${actual}`, {
    hint: wrongAtSourceHint,
    ...(isBegun ? { begunBlob: digest } : {}),
  });
}
