/** A blob's bytes for an upload, and one PUT or PATCH with a part of them; when the bytes themselves fail, the whole upload is given up. */

import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Reply } from "./http/exchange.ts";
import { stoppedBy } from "./http/stop.ts";
import { timeoutsMs } from "./http/transport.ts";
import type { RepositoryAtEndpoint } from "./repository-at-endpoint.ts";
import { cancelSession, type UploadSession } from "./upload-session.ts";

/** A blob's bytes, as often as the upload needs them. */
export interface BlobBody {
  /**
   * The bytes from `offset` on. Called again for a retry; when `offset` is gone it throws an AceError. A chunk must stay as it
   * is until it is acknowledged or the upload has ended: the socket may still hold it.
   */
  open(offset: number): AsyncIterable<Uint8Array>;
  /** Called before the request that sends [offset, end) gets a connection: whoever needs one for these bytes has it now. */
  prepare?(offset: number, end: number): Promise<void>;
  /** Called when the registry has acknowledged everything before `position` (chunked upload), so that the owner may free it. */
  acknowledged?(position: number): void;
}

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
  at: RepositoryAtEndpoint,
  descriptor: Descriptor,
  body: BlobBody,
  session: UploadSession,
  part: UploadPart,
): Promise<{ reply: Reply } | { error: unknown }> {
  const subject = `blob ${descriptor.digest} to ${at.name}`;
  const length = part.end - part.offset;
  let guarded: GuardedPart | undefined;
  const open = (): AsyncIterable<Uint8Array> => {
    guarded?.end();
    guarded = guardPart(body, part.offset, length, subject);
    return guarded.bytes;
  };
  let outcome: { reply: Reply } | { error: unknown };
  try {
    if (length > 0) await body.prepare?.(part.offset, part.end);
    const reply = await at.perform({
      method: part.method,
      target: part.url,
      subject,
      scopes: at.scopes("push"),
      headers: {
        "content-type": "application/octet-stream",
        "content-length": String(length),
        ...part.headers,
      },
      body: length === 0 ? undefined : open,
      headersTimeoutMs: timeoutsMs.commit,
    });
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
  const cancelled = cancelSession(at.unstopped(), session);
  if (stoppedBy(at.signals) === undefined) await cancelled;
  throw failure.error;
}

/** A part of a body on its way into one request. */
interface GuardedPart {
  bytes: AsyncIterable<Uint8Array>;
  /** What the body's owner threw; the upload ends with it. */
  failure: () => { error: unknown } | undefined;
  /** Bytes handed to the request so far. */
  sent: () => number;
  /** Ends a pending wait for the owner's next chunk. */
  end: () => void;
}

/**
 * Exactly the bytes [offset, offset + length) of a body. When the body throws or ends early the request is never completed:
 * its Content-Length promises bytes that do not come.
 */
function guardPart(body: BlobBody, offset: number, length: number, subject: string): GuardedPart {
  let failure: { error: unknown } | undefined;
  let sent = 0;
  const ended = Promise.withResolvers<never>();
  // Nobody may be waiting when it ends.
  ended.promise.catch(() => undefined);
  async function* guarded(): AsyncGenerator<Uint8Array> {
    try {
      const iterator = body.open(offset)[Symbol.asyncIterator]();
      try {
        while (sent < length) {
          const next = await Promise.race([iterator.next(), ended.promise]);
          if (next.done === true) throw endedEarly(subject, offset + sent);
          const chunk =
            next.value.length <= length - sent ? next.value : next.value.subarray(0, length - sent);
          if (chunk.length === 0) continue;
          sent += chunk.length;
          yield chunk;
        }
      } finally {
        // Not awaited: a generator that is itself waiting returns only after its wait.
        void iterator.return?.()?.catch(() => undefined);
      }
    } catch (error) {
      if (!(error instanceof EndedError)) failure ??= { error };
      throw error;
    }
  }
  return {
    bytes: guarded(),
    failure: () => failure,
    sent: () => sent,
    end: () => ended.reject(new EndedError("the request has ended")),
  };
}

class EndedError extends Error {}

function endedEarly(subject: string, position: number): AceError {
  return new AceError("internal", `Cannot upload ${subject}: its bytes end at ${position}`);
}
