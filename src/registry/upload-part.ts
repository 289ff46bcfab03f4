/** One PUT or PATCH with a part of a blob; when the bytes themselves fail, the whole upload is given up. */
import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type BlobBody, type GuardedPart, guardPart } from "./blob-body.ts";
import type { Reply } from "./http/exchange.ts";
import { stoppedBy } from "./http/stop.ts";
import { timeoutsMs } from "./http/transport.ts";
import { type Place, scopesOf } from "./place.ts";
import { cancelSession, type UploadSession } from "./upload-session.ts";

/** A part of a blob on its way to a session. */
export interface UploadPart {
  method: "PUT" | "PATCH";
  url: URL;
  /** First byte and the one after the last. */
  offset: number;
  end: number;
  headers?: Readonly<Record<string, string>>;
}

/**
 * Sends a part; a network failure is returned, because the session may be continued.
 * @throws whatever the body throws, and AceErrors of the request, both after the session was cancelled
 */
export async function uploadPart(
  place: Place,
  descriptor: Descriptor,
  body: BlobBody,
  session: UploadSession,
  part: UploadPart,
): Promise<{ reply: Reply } | { error: unknown }> {
  const subject = `blob ${descriptor.digest} to ${place.name}`;
  const length = part.end - part.offset;
  let guarded: GuardedPart | undefined;
  const open = (): AsyncIterable<Uint8Array> => {
    guarded?.end();
    guarded = guardPart(body, part.offset, length, subject);
    return guarded.bytes;
  };
  let outcome: { reply: Reply } | { error: unknown };
  try {
    const reply = await place.endpoint.perform(
      {
        method: part.method,
        target: part.url,
        subject,
        scopes: scopesOf(place, "push"),
        headers: {
          "content-type": "application/octet-stream",
          "content-length": String(length),
          ...part.headers,
        },
        body: length === 0 ? undefined : open,
        headersTimeoutMs: timeoutsMs.commit,
        lane: "upload",
      },
      place.signals,
    );
    outcome = { reply };
  } catch (error) {
    outcome = { error };
  } finally {
    guarded?.end();
  }
  const failure =
    guarded?.failure() ?? ("error" in outcome && outcome.error instanceof AceError ? outcome : undefined);
  if (failure === undefined) return outcome;
  // Also when told to stop, but then nobody waits for it.
  const cancelled = cancelSession({ ...place, signals: [] }, session);
  if (stoppedBy(place.signals) === undefined) await cancelled;
  throw failure.error;
}
