/** The receiving end of a blob's GET: checks what the answer claims, skips what is there already, counts what is delivered. */
import type { BlobSink } from "../content/storage.ts";
import { AceError } from "../errors.ts";
import { type BodyReceiver, type Headers, headerOf } from "./http/exchange.ts";

/** A registry that answers a Range request with the whole blob: the caller must read it over one connection. */
export class RangeUnsupportedError extends AceError {
  constructor(blob: string) {
    super("registry", `Cannot read ${blob} in parts: the registry ignores Range`);
    this.name = "RangeUnsupportedError";
  }
}

/** How far a blob (or a part of one) has been read; outlives the single requests. */
export interface BlobProgress {
  /** The blob in messages. */
  readonly subject: string;
  /** Bytes of the whole blob, by its descriptor. */
  readonly size: number;
  readonly start: number;
  /** First byte that is not wanted any more. */
  readonly end: number;
  /** The next byte that the sink wants. */
  position: number;
  /** Set once an answer respected Range. */
  ranged: boolean;
  /** Set once the registry said or showed that it can go on anywhere. */
  resumable: boolean;
  /** The sink's promise for bytes that it has but that do not count yet; it never rejects. */
  braking: Promise<void> | undefined;
  /** What the sink threw: it ends the read, and is not the registry's fault. */
  sinkFailure: { error: unknown } | undefined;
}

/**
 * Decides who takes the body of an answer to a blob's GET; nobody for any other status than 200 and 206.
 * @throws AceError when the answer is about something else than what was asked for
 */
export function receiveBlob(
  progress: BlobProgress,
  sink: BlobSink,
  status: number,
  headers: Headers,
): BodyReceiver | undefined {
  if (status === 206) return new BlobReceiver(progress, sink, rangeStart(progress, headers));
  if (status !== 200) return undefined;
  if (progress.start > 0 && !progress.ranged) throw new RangeUnsupportedError(progress.subject);
  const length = headerOf(headers, "content-length");
  if (length !== undefined && Number(length) !== progress.size) {
    throw sizeMismatch(progress, `announces ${length}`);
  }
  progress.resumable = headerOf(headers, "accept-ranges")?.trim() === "bytes";
  return new BlobReceiver(progress, sink, 0);
}

/** The error for a registry's blob of another size than the descriptor says. */
export function sizeMismatch(progress: BlobProgress, says: string): AceError {
  return new AceError(
    "digest",
    `Cannot read ${progress.subject}: the registry ${says} bytes, its descriptor says ${progress.size}`,
    { hint: "The registry's copy is damaged: push the image again, or mirror it from elsewhere." },
  );
}

function rangeStart(progress: BlobProgress, headers: Headers): number {
  const range = parseContentRange(headers["content-range"]);
  if (range === undefined || range.first !== progress.position) {
    const said = JSON.stringify(headerOf(headers, "content-range") ?? "");
    throw new AceError(
      "registry",
      `Cannot read ${progress.subject}: asked for the bytes from ${progress.position}, the answer's Content-Range is ${said}`,
    );
  }
  if (range.total !== undefined && range.total !== progress.size) {
    throw sizeMismatch(progress, `has ${range.total}`);
  }
  progress.ranged = true;
  progress.resumable = true;
  return range.first;
}

class BlobReceiver implements BodyReceiver {
  enough = false;
  readonly #progress: BlobProgress;
  readonly #sink: BlobSink;
  /** Where in the blob the next received byte lies. */
  #at: number;

  constructor(progress: BlobProgress, sink: BlobSink, at: number) {
    this.#progress = progress;
    this.#sink = sink;
    this.#at = at;
  }

  get resumable(): boolean {
    return this.#progress.resumable;
  }

  take(chunk: Uint8Array): void | Promise<void> {
    const progress = this.#progress;
    const from = this.#at;
    this.#at += chunk.length;
    if (this.#at > progress.size) throw sizeMismatch(progress, "sent more than the announced");
    if (this.#at <= progress.position) return;
    const skip = Math.max(0, progress.position - from);
    const until = Math.min(chunk.length, progress.end - from);
    // A part read from a server that ignores Range: the rest is somebody else's.
    this.enough = this.#at > progress.end;
    if (until <= skip) return;
    const wanted = skip === 0 && until === chunk.length ? chunk : chunk.subarray(skip, until);
    try {
      const braking = this.#sink.write(wanted);
      if (braking === undefined) {
        progress.position += wanted.length;
        return;
      }
      const counted = this.#brake(braking, wanted.length);
      progress.braking = counted.catch(() => undefined);
      return counted;
    } catch (error) {
      progress.sinkFailure = { error };
      throw error;
    }
  }

  async #brake(braking: Promise<void>, length: number): Promise<void> {
    try {
      await braking;
    } catch (error) {
      this.#progress.sinkFailure = { error };
      throw error;
    }
    this.#progress.position += length;
  }
}

/** `Content-Range: bytes first-last/total` (RFC 9110 section 14.4); `last` is included, `total` undefined for `*`. */
export interface ContentRange {
  first: number;
  last: number;
  total: number | undefined;
}

/** Reads the header; undefined for anything else than one well-formed range. */
export function parseContentRange(header: string | string[] | undefined): ContentRange | undefined {
  if (typeof header !== "string") return undefined;
  const parts = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(header.trim());
  if (parts === null) return undefined;
  const range = {
    first: Number(parts[1]),
    last: Number(parts[2]),
    total: parts[3] === "*" ? undefined : Number(parts[3]),
  };
  const sound = range.first <= range.last && (range.total === undefined || range.last < range.total);
  return sound ? range : undefined;
}
