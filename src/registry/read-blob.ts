/** Reading a blob or a part of it, however often the connection breaks. The hot path: no streams, no copies. */

import type { BlobSink } from "../content/storage.ts";
import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type BlobProgress, receiveBlob, sizeMismatch } from "./blob-receiver.ts";
import { Candidates } from "./candidates.ts";
import { Attempts, type Setback } from "./http/attempts.ts";
import { YieldedError } from "./http/connections.ts";
import { headerOf, type Reply } from "./http/exchange.ts";
import { CutAnswerError } from "./http/failures.ts";
import { untilStopped } from "./http/stop.ts";
import type { RepositoryAtEndpoint } from "./repository-at-endpoint.ts";

/** What to read, and where it goes. */
export interface ReadBlobOptions {
  sink: BlobSink;
  /** First byte; 0 when left out. */
  start?: number | undefined;
  /** First byte that is not wanted; the blob's size when left out. */
  end?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** So many bytes between two failures make the count of tries start anew (containers/image body_reader.go). */
const progressBytes = 1024 * 1024;

/** One blob to be read, whole or in parts, from the endpoints that may still be asked for it. Does not hash: the reader does. */
export class BlobSource {
  readonly descriptor: Descriptor;
  /** `registry/repository` for messages. */
  readonly name: string;
  readonly #candidates: Candidates;

  constructor(endpoints: readonly RepositoryAtEndpoint[], name: string, descriptor: Descriptor) {
    this.descriptor = descriptor;
    this.name = name;
    this.#candidates = new Candidates(endpoints);
  }

  /**
   * Delivers the bytes [start, end) to the sink, in order and each exactly once. Another endpoint goes on where the last one stopped.
   * @throws RangeUnsupportedError when start > 0 and the registry ignores Range
   * @throws AceError `not-found`, `denied`, `network`; `digest` when the registry's blob has another size
   */
  async read({ sink, start = 0, end = this.descriptor.size, signal }: ReadBlobOptions): Promise<void> {
    const { size, digest } = this.descriptor;
    if (start < 0 || end > size || start > end) {
      throw new AceError("internal", `Cannot read bytes ${start} to ${end} of ${digest}: it has ${size}`);
    }
    if (start === end) return;
    const progress: BlobProgress = {
      subject: `blob ${digest} of ${this.name}`,
      size,
      start,
      end,
      position: start,
      ranged: false,
      resumable: false,
      braking: undefined,
      sinkFailure: undefined,
    };
    await this.#candidates.ask((at) => readFrom(at.with(signal), digest, progress, sink));
  }

  /** Connections for more parts of it that could be had now without making anybody wait. */
  get spareConnections(): number {
    return this.#candidates.current?.endpoint.spareConnections ?? 0;
  }

  /** See {@link Candidates.fetchAgain}. */
  fetchAgain(error: AceError): boolean {
    return this.#candidates.fetchAgain(error);
  }

  /** Why it is not to be had; once {@link fetchAgain} said no. */
  get error(): AceError {
    return this.#candidates.error;
  }
}

async function readFrom(
  at: RepositoryAtEndpoint,
  digest: string,
  progress: BlobProgress,
  sink: BlobSink,
): Promise<void> {
  const attempts = new Attempts(at.endpoint, progress.subject, at.signals);
  let lastPosition = progress.position;
  for (;;) {
    const setback = await tryOnce(at, digest, progress, sink);
    if (setback === undefined) return;
    if (progress.position - lastPosition >= progressBytes) attempts.reset();
    lastPosition = progress.position;
    if ("error" in setback && setback.error instanceof YieldedError) continue;
    if (await attempts.again(setback)) continue;
    if ("reply" in setback) throw at.failure("read", progress.subject, "pull", setback.reply);
    throw attempts.failure(setback.error);
  }
}

/** One request; undefined when everything is delivered. */
async function tryOnce(
  at: RepositoryAtEndpoint,
  digest: string,
  progress: BlobProgress,
  sink: BlobSink,
): Promise<Setback | undefined> {
  const { position, end, size } = progress;
  const whole = position === 0 && end === size;
  let reply: Reply;
  try {
    reply = await at.perform({
      method: "GET",
      target: at.path(`blobs/${digest}`),
      subject: progress.subject,
      scopes: at.scopes("pull"),
      headers: { accept: "*/*", ...(whole ? {} : { range: `bytes=${position}-${end - 1}` }) },
      isChecked: true,
      receive: (status, headers) => receiveBlob(progress, sink, status, headers),
    });
  } catch (error) {
    if (error instanceof AceError && progress.sinkFailure === undefined) throw error;
    // The connection broke while the sink was busy: what it holds must count before anybody asks for more.
    await untilStopped(progress.braking, at.signals);
    if (progress.sinkFailure !== undefined) throw progress.sinkFailure.error;
    return progress.position === end ? undefined : { error };
  }
  at.endpoint.blobHost = reply.url.origin;
  if (progress.position === end) return undefined;
  if (reply.status === 416) {
    const total = /^bytes \*\/(\d+)$/.exec(headerOf(reply.headers, "content-range") ?? "")?.[1];
    throw sizeMismatch(progress, total === undefined ? `has no more than ${position}` : `has ${total}`);
  }
  if (reply.status !== 200 && reply.status !== 206) return { reply };
  // The answer ended well, but early: a chunked body without its end, or a shorter range than asked for.
  return { error: new CutAnswerError() };
}
