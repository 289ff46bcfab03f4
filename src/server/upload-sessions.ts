/** Uploads under way: what POST begins, PATCH continues, and PUT ends. They live in memory and end with the process. */
import { randomUUID } from "node:crypto";
import type { Ingest } from "../layout/ingest.ts";

/** A client that has not been heard of for this long will not come back for its upload. */
const idleLimitMs = 60 * 60 * 1000;

/** One upload of one blob. */
export interface UploadSession {
  readonly id: string;
  readonly repository: string;
  readonly ingest: Ingest;
  /** Counts the requests that wrote to the session; see {@link receiveBody}. */
  turn: number;
  /** Milliseconds of `performance.now()`. */
  usedAt: number;
}

/** All uploads under way. */
export class UploadSessions {
  readonly #sessions = new Map<string, UploadSession>();

  /** Begins one with an empty file, which the session then owns. */
  begin(repository: string, ingest: Ingest): UploadSession {
    this.#expire();
    const session = { id: randomUUID(), repository, ingest, turn: 0, usedAt: performance.now() };
    this.#sessions.set(session.id, session);
    return session;
  }

  /** The repository's session of this number, or undefined. */
  find(repository: string, id: string): UploadSession | undefined {
    const session = this.#sessions.get(id);
    if (session?.repository !== repository) return undefined;
    session.usedAt = performance.now();
    return session;
  }

  /** Takes one out of reach of further requests; its file stays for the caller. */
  retire(session: UploadSession): void {
    this.#sessions.delete(session.id);
    session.turn += 1;
  }

  /** Ends one and throws its file away, unless that was moved. */
  end(session: UploadSession): void {
    this.retire(session);
    session.ingest.discard();
  }

  /** Ends them all. */
  endAll(): void {
    for (const session of this.#sessions.values()) this.end(session);
  }

  #expire(): void {
    const limit = performance.now() - idleLimitMs;
    for (const session of this.#sessions.values()) if (session.usedAt < limit) this.end(session);
  }
}

/**
 * Appends a request's body to the session. The newest request wins: a client that lost its connection may come back
 * before we notice, and then whatever the old connection still delivers must not be mixed in.
 * @param limit bytes to take at most; what is beyond is not written
 * @returns "done", "superseded", or "too-long"
 * @throws DOMException AbortError when the connection breaks; what arrived before it stays in the session
 */
export async function receiveBody(
  body: AsyncIterable<Uint8Array> | null,
  session: UploadSession,
  limit = Number.POSITIVE_INFINITY,
): Promise<"done" | "superseded" | "too-long"> {
  session.turn += 1;
  const { turn } = session;
  let received = 0;
  for await (const chunk of body ?? []) {
    if (session.turn !== turn) return "superseded";
    if (received + chunk.length > limit) return "too-long";
    session.ingest.write(chunk);
    received += chunk.length;
    session.usedAt = performance.now();
  }
  return session.turn === turn ? "done" : "superseded";
}
