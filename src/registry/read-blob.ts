/** Reading a blob or a part of it, however often the connection breaks. The hot path: no streams, no copies. */
import type { BlobSink } from "../content/storage.ts";
import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type BlobProgress, receiveBlob, sizeMismatch } from "./blob-receiver.ts";
import { networkError } from "./failures.ts";
import { Attempts, type Setback } from "./http/attempts.ts";
import { headerOf, type Reply } from "./http/exchange.ts";
import { unlessStopped } from "./http/stop.ts";
import { askInOrder, failureAt, type Place, pathOf, scopesOf } from "./place.ts";

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

/**
 * Delivers the bytes [start, end) to the sink, in order and each exactly once. Does not hash.
 * @param places the endpoints in the order in which they are tried; another one goes on where the last one stopped
 * @throws RangeUnsupportedError when start > 0 and the registry ignores Range
 * @throws AceError `not-found`, `denied`, `network`; `digest` when the registry's blob has another size
 */
export async function readBlobAt(
  places: readonly Place[],
  descriptor: Descriptor,
  options: ReadBlobOptions,
): Promise<void> {
  const { size, digest } = descriptor;
  const start = options.start ?? 0;
  const end = options.end ?? size;
  if (start < 0 || end > size || start > end) {
    throw new AceError("internal", `Cannot read bytes ${start} to ${end} of ${digest}: it has ${size}`);
  }
  if (start === end) return;
  const subject = `blob ${digest} of ${places[0]?.name ?? ""}`;
  const progress: BlobProgress = {
    subject,
    size,
    start,
    end,
    position: start,
    ranged: false,
    braking: undefined,
    sinkFailure: undefined,
  };
  await askInOrder(places, (place) => readFrom(place, digest, progress, options.sink));
}

async function readFrom(place: Place, digest: string, progress: BlobProgress, sink: BlobSink): Promise<void> {
  const attempts = new Attempts(place.endpoint, progress.subject, place.signals);
  let lastPosition = progress.position;
  for (;;) {
    const setback = await tryOnce(place, digest, progress, sink);
    if (setback === undefined) return;
    if (progress.position - lastPosition >= progressBytes) attempts.reset();
    lastPosition = progress.position;
    if (await attempts.again(setback)) continue;
    if ("reply" in setback) throw failureAt(place, "read", progress.subject, "pull", setback.reply);
    throw networkError(place.endpoint, progress.subject, setback.error, attempts.used);
  }
}

/** One request; undefined when everything is delivered. */
async function tryOnce(
  place: Place,
  digest: string,
  progress: BlobProgress,
  sink: BlobSink,
): Promise<Setback | undefined> {
  const { position, end, size } = progress;
  const whole = position === 0 && end === size;
  let reply: Reply;
  try {
    reply = await place.endpoint.perform(
      {
        method: "GET",
        target: pathOf(place, `blobs/${digest}`),
        subject: progress.subject,
        scopes: scopesOf(place, "pull"),
        headers: { accept: "*/*", ...(whole ? {} : { range: `bytes=${position}-${end - 1}` }) },
        lane: "download",
        receive: (status, headers) => receiveBlob(progress, sink, status, headers),
      },
      place.signals,
    );
  } catch (error) {
    if (error instanceof AceError && progress.sinkFailure === undefined) throw error;
    // The connection broke while the sink was busy: what it holds must count before anybody asks for more.
    await unlessStopped(progress.braking, place.signals);
    if (progress.sinkFailure !== undefined) throw progress.sinkFailure.error;
    return progress.position === end ? undefined : { error };
  }
  if (progress.position === end) return undefined;
  if (reply.status === 416) {
    const total = /^bytes \*\/(\d+)$/.exec(headerOf(reply.headers, "content-range") ?? "")?.[1];
    throw sizeMismatch(progress, total === undefined ? `has no more than ${position}` : `has ${total}`);
  }
  if (reply.status !== 200 && reply.status !== 206) return { reply };
  // The answer ended well, but early: a chunked body without its end, or a shorter range than asked for.
  return { error: Object.assign(new Error("the body ended early"), { code: "UND_ERR_SOCKET" }) };
}
