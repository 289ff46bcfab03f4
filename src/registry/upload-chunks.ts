/** The chunked upload: PATCH after PATCH, each repeated from the last byte that the registry acknowledged. */
import type { Descriptor } from "../oci/descriptor.ts";
import type { BlobBody } from "./blob-body.ts";
import { Attempts, type Setback } from "./http/attempts.ts";
import type { Place } from "./place.ts";
import { uploadPart } from "./upload-part.ts";
import { sessionOf, storedBytes, type UploadSession } from "./upload-session.ts";

/** A registry that demands larger chunks than this is not obeyed (regclient's limit). */
const largestChunkBytes = 1024 * 1024 * 1024;

/** Sends every chunk. A setback means that the session is of no use any more. */
export async function uploadChunks(
  place: Place,
  descriptor: Descriptor,
  body: BlobBody,
  first: UploadSession,
  chunkBytes: number,
): Promise<{ session: UploadSession } | Setback> {
  const attempts = new Attempts(place.endpoint, `blob ${descriptor.digest} to ${place.name}`, place.signals);
  const step = Math.min(Math.max(chunkBytes, first.minChunkBytes), largestChunkBytes);
  let session = first;
  let acknowledged = 0;
  while (acknowledged < descriptor.size) {
    const end = Math.min(acknowledged + step, descriptor.size);
    const sent = await uploadPart(place, descriptor, body, session, {
      method: "PATCH",
      url: new URL(session.location),
      offset: acknowledged,
      end,
      // Without "bytes": the specification's own form.
      headers: { "content-range": `${acknowledged}-${end - 1}` },
    });
    // 202 by the specification; ECR sends 201, others 200 and 204. Their Range is not to be trusted (ECR's stands still).
    if ("reply" in sent && sent.reply.status >= 200 && sent.reply.status < 300) {
      session = sessionOf(place, sent.reply, session);
      acknowledged = end;
      attempts.reset();
    } else {
      const held = await askForHeld(place, session, sent, attempts);
      if (held === undefined || held.bytes < acknowledged || held.bytes > end) return sent;
      // "Out of order" while it stands where we are: it means something else.
      if (isOutOfOrder(sent) && held.bytes === acknowledged) return sent;
      session = held.session;
      acknowledged = held.bytes;
    }
    body.acknowledged?.(acknowledged);
  }
  return { session };
}

/** What the session holds after a failed chunk; undefined when it cannot be continued. */
async function askForHeld(
  place: Place,
  session: UploadSession,
  setback: Setback,
  attempts: Attempts,
): ReturnType<typeof storedBytes> {
  if (!isOutOfOrder(setback) && !(await attempts.again(setback))) return undefined;
  return storedBytes(place, session);
}

function isOutOfOrder(setback: Setback): boolean {
  return "reply" in setback && setback.reply.status === 416;
}
