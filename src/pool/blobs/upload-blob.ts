/** Uploads one blob from a file or out of the window, verified on the way. */

import { AceError } from "../../errors.ts";
import { IncomingWindow } from "../../tape/window/incoming-window.ts";
import type { Window } from "../../tape/window/window.ts";
import type { Arrival, BlobPlace, UploadJob } from "../jobs.ts";
import { countMoved } from "../shared-state.ts";
import { originOf, placePieces } from "./place-pieces.ts";
import { type BodySource, VerifyingBody } from "./verifying-body.ts";
import type { WorkerContext } from "./worker-context.ts";

/**
 * Uploads unless the target has the blob. In the window the job's segment is complete afterwards.
 * @throws AceError `digest` when the archive's bytes are not the descriptor's: the registry never completes the upload
 */
export async function uploadBlob(job: UploadJob<Window>, context: WorkerContext): Promise<Arrival> {
  const repository = context.client.repository(
    job.target,
    job.place.kind === "window" ? job.place.window.stopSignal : undefined,
  );
  const present = await repository.hasBlob(job.descriptor);
  if (!present) {
    const body = new VerifyingBody(job.descriptor, placeSource(job, context));
    await repository.uploadBlob(job.descriptor, body, { chunkBytes: job.chunkBytes });
  }
  releasePlace(job.place, job.descriptor.size);
  return present ? "skipped" : "moved";
}

/** Gives a finished blob's bytes in the window back to the reader. */
export function releasePlace(place: BlobPlace<Window>, size: number): void {
  if (place.kind === "window") IncomingWindow.of(place.window).release(place.segment, place.offset + size);
}

/** Where the job's bytes come from. */
function placeSource(job: UploadJob<Window>, context: WorkerContext): BodySource {
  const { place, descriptor } = job;
  const counted = (bytes: number) => countMoved(context.settings.shared, bytes);
  const origin = originOf(place);
  const pieces = (offset: number) => placePieces(place, offset, descriptor.size);
  if (place.kind !== "window") return { ...origin, counted, pieces };
  const window = IncomingWindow.of(place.window);
  const acknowledged = (position: number) => window.release(place.segment, place.offset + position);
  if (descriptor.size <= window.capacityBytes / 2 || job.chunkBytes > 0)
    return { ...origin, counted, pieces, acknowledged };
  return { ...origin, counted, pieces: passingPieces(pieces, acknowledged) };
}

/** A blob larger than the window in a single request: what was sent is given back at once, so there is no second try. */
function passingPieces(
  pieces: (offset: number) => AsyncIterable<Uint8Array>,
  release: (position: number) => void,
) {
  let opened = false;
  return async function* (offset: number): AsyncGenerator<Uint8Array, void, undefined> {
    if (opened) {
      throw new AceError(
        "network",
        "Cannot send a blob again: it is larger than the window, and the stream has passed",
        {
          hint: { kind: "larger-chunks" },
        },
      );
    }
    opened = true;
    let position = offset;
    for await (const piece of pieces(offset)) {
      const copy = Buffer.from(piece);
      position += piece.length;
      release(position);
      yield copy;
    }
  };
}
