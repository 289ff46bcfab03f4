/** Reads one blob of an archive to its end and checks its digest; an archive that passes only once goes into the local store so. */
import { LocalStore } from "../../layout/local-store.ts";
import type { Window } from "../../tape/window/window.ts";
import type { Arrival, KeepJob, VerifyJob } from "../jobs.ts";
import { countMoved } from "../shared-state.ts";
import { originOf, placePieces } from "./place-pieces.ts";
import { releasePlace } from "./upload-blob.ts";
import { VerifyingBody } from "./verifying-body.ts";
import type { WorkerContext } from "./worker-context.ts";

/**
 * Sends nothing anywhere. The blob's place in the window is given back as it is read.
 * @param take gets every piece in order, the last one only when the digest is right; a piece is good until `take` returns
 * @throws AceError `digest`; what `take` throws
 */
export async function verifyBlob(
  { place, descriptor }: Pick<VerifyJob<Window>, "place" | "descriptor">,
  context: WorkerContext,
  take: (piece: Uint8Array) => void = () => undefined,
): Promise<undefined> {
  const body = new VerifyingBody(descriptor, {
    ...originOf(place),
    counted: (bytes) => countMoved(context.settings.shared, bytes),
    pieces: (offset) => placePieces(place, offset, descriptor.size),
  });
  let position = 0;
  for await (const piece of body.open(0)) {
    position += piece.length;
    take(piece);
    releasePlace(place, position);
    context.signal.throwIfAborted();
  }
}

/**
 * Puts the blob into the store. One that the store has already, and has right, is only read past.
 * @returns how it came to be there
 * @throws AceError `digest` when the archive's bytes are wrong, `medium` when the store cannot be written to
 */
export async function keepBlob(job: KeepJob<Window>, context: WorkerContext): Promise<Arrival> {
  const store = LocalStore.attach(job.store);
  if (await store.check(job.descriptor)) {
    await verifyBlob(job, context);
    return "skipped";
  }
  using ingest = store.ingest(job.descriptor);
  await verifyBlob(job, context, (piece) => ingest.write(piece));
  await ingest.commit();
  return "moved";
}
