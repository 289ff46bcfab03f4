/** The bytes of an upload: where they come from, and a guard that ends a request when they fail or end too soon. */
import { AceError } from "../errors.ts";

/** A blob's bytes, as often as the upload needs them. */
export interface BlobBody {
  /**
   * The bytes from `offset` on. Called again for a retry; when `offset` is gone it throws an AceError. A chunk must stay as it
   * is until it is acknowledged or the upload has ended: the socket may still hold it.
   */
  open(offset: number): AsyncIterable<Uint8Array>;
  /** Called when the registry has acknowledged everything before `position` (chunked upload), so that the owner may free it. */
  acknowledged?(position: number): void;
}

/** A part of a body on its way into one request. */
export interface GuardedPart {
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
export function guardPart(body: BlobBody, offset: number, length: number, subject: string): GuardedPart {
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
