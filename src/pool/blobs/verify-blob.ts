/** Reads one blob of an archive and checks its digest; nothing is sent anywhere. */
import type { VerifyJob } from "../jobs.ts";
import { countMoved } from "../shared-state.ts";
import { originOf, placePieces } from "./place-pieces.ts";
import { releasePlace } from "./upload-blob.ts";
import { VerifyingBody } from "./verifying-body.ts";
import type { WorkerContext } from "./worker-context.ts";

/** @throws AceError `digest` */
export function verifyBlob(job: VerifyJob, context: WorkerContext): Promise<void> {
  return readVerified(job, context, () => undefined);
}

/**
 * Reads a blob to its end and gives its place in the window back.
 * @param take gets every piece in order, the last one only when the digest is right; a piece is good until `take` returns
 * @throws AceError `digest`; what `take` throws
 */
export async function readVerified(
  job: Pick<VerifyJob, "place" | "descriptor">,
  context: WorkerContext,
  take: (piece: Uint8Array) => void,
): Promise<void> {
  const { place, descriptor } = job;
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
