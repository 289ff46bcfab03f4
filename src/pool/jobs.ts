/**
 * The messages between the main thread and the blob workers. All of it is plain data. Jobs on a window have its handle in the main
 * thread, its number on the way, and the window itself in the thread that does them: `Of` is which.
 */

import type { ErrorData } from "../errors.ts";
import type { Packing } from "../format/packing-levels.ts";
import type { StoreHandle } from "../layout/local-store.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { RepositoryAddress } from "../registry/settings.ts";
import type { Segment } from "../tape/window/segment-table.ts";
import type { WindowHandle } from "../tape/window/window.ts";
import type { Notice } from "./host/thread-contract.ts";
import type { SharedState } from "./shared-state.ts";

/** What a worker is told when it starts. */
export interface WorkerSettings {
  shared: SharedState;
  userAgent: string;
  /** The local store that blobs are looked for in, and put into; undefined when this run does without. */
  store: StoreHandle | undefined;
}

/** Fetch a blob into the window at its place in the archive. */
export interface FetchJob<Of = WindowHandle> {
  kind: "fetch";
  window: Of;
  segment: Segment;
  /** Archive offset of the blob's first byte. */
  offset: number;
  descriptor: Descriptor;
  source: RepositoryAddress;
  /** Show nothing to the writer before the digest is verified. */
  holdBack: boolean;
  /** A {@link HashJob} for the same segment verifies what this one receives, and shows it to the writer. */
  hashedElsewhere: boolean;
  /** What an earlier run left of it: hashed from there, and not fetched. The segment begins behind it, but for what comes through the window. */
  kept?: KeptPart | undefined;
  /** It came out wrong before: another endpoint is asked first, if there is one. */
  cameWrong?: boolean;
}

/** The first bytes of a blob, more than none and fewer than all, and where they can be read. */
export interface KeptPart {
  bytes: number;
  place: FilePlace | KeptFrames;
}

/** Frames of a compressed archive, all of them whole. The blob begins in the first one and goes on to the end of the last. */
export interface KeptFrames {
  kind: "frames";
  packing: Packing;
  /** Of the frames, one behind the other, and their bytes. */
  packed: FilePlace;
  packedBytes: number;
  /** Of each, unpacked: at most. */
  frameBytes: number;
  /** Unpacked bytes in front of the blob. */
  skip: number;
}

/** Verify what a fetch job receives, while it receives it. To be handed in together with that job, which must not hold back. */
export interface HashJob<Of = WindowHandle> {
  kind: "hash";
  window: Of;
  segment: Segment;
  offset: number;
  descriptor: Descriptor;
  source: RepositoryAddress;
}

/** Bytes that lie in a row in a file. */
export interface Stretch {
  path: string;
  /** Of its first byte in the file. */
  offset: number;
  bytes: number;
}

/**
 * Where a blob lies for an upload or a check. `offset` is that of its first byte in the archive: with `file` the archive is the file,
 * with `files` it goes over several, and the stretches are those of this blob, in order.
 */
export type BlobPlace<Of = WindowHandle> =
  | { kind: "file"; path: string; offset: number }
  | { kind: "files"; archive: string; offset: number; stretches: readonly Stretch[] }
  | { kind: "window"; window: Of; segment: Segment; offset: number };

/** A place that can be read at any time, as often as need be. */
export type FilePlace = Exclude<BlobPlace, { kind: "window" }>;

/** Upload a blob out of a file or the window. */
export interface UploadJob<Of = WindowHandle> {
  kind: "upload";
  place: BlobPlace<Of>;
  descriptor: Descriptor;
  target: RepositoryAddress;
  /** Chunked upload above this many bytes; 0 never. */
  chunkBytes: number;
}

/** Read a blob from a file or the window and check its digest. */
export interface VerifyJob<Of = WindowHandle> {
  kind: "verify";
  place: BlobPlace<Of>;
  descriptor: Descriptor;
}

/** Tell what blobs of an archive hash to; to compare is the asker's. Several small ones make one job. */
export interface DigestJob<Of = WindowHandle> {
  kind: "digest";
  blobs: readonly { place: BlobPlace<Of>; size: number; algorithm: string }[];
}

/** Put a blob of a stream into the local store. */
export interface KeepJob<Of = WindowHandle> {
  kind: "keep";
  place: BlobPlace<Of>;
  descriptor: Descriptor;
  /** Open for writing, for as long as the job runs. */
  store: StoreHandle;
}

/** Bring a blob from one repository to others, reading it once. */
export interface CopyJob {
  kind: "copy";
  descriptor: Descriptor;
  source: RepositoryAddress;
  /** At most one a registry; mount is tried where the registry is the source's. */
  targets: readonly RepositoryAddress[];
  chunkBytes: number;
}

export type Job<Of = WindowHandle> =
  | FetchJob<Of>
  | HashJob<Of>
  | UploadJob<Of>
  | VerifyJob<Of>
  | KeepJob<Of>
  | CopyJob
  | DigestJob<Of>;

/** The window that a job is about, if any: never more than one. */
export function windowOf<Of>(job: Job<Of>): Of | undefined {
  switch (job.kind) {
    case "fetch":
    case "hash":
      return job.window;
    case "upload":
    case "verify":
    case "keep":
      return job.place.kind === "window" ? job.place.window : undefined;
    case "digest":
      for (const { place } of job.blobs) if (place.kind === "window") return place.window;
      return undefined;
    case "copy":
      return undefined;
  }
}

/** The same job with its window in another form. */
export function mapWindow<From, To>(job: Job<From>, map: (window: From) => To): Job<To> {
  const mapPlace = (place: BlobPlace<From>): BlobPlace<To> =>
    place.kind === "window" ? { ...place, window: map(place.window) } : place;
  switch (job.kind) {
    case "fetch":
    case "hash":
      return { ...job, window: map(job.window) };
    case "upload":
    case "verify":
    case "keep":
      return { ...job, place: mapPlace(job.place) };
    case "digest":
      return { ...job, blobs: job.blobs.map((blob) => ({ ...blob, place: mapPlace(blob.place) })) };
    case "copy":
      return job;
  }
}

/** How a blob came to be at a target. */
export type Arrival = "moved" | "mounted" | "skipped";

/** What happened at one target. */
export type TargetOutcome = { arrival: Arrival } | { error: ErrorData };

/** What each kind of job comes to. */
export interface JobAnswers {
  fetch: undefined;
  hash: undefined;
  verify: undefined;
  upload: Arrival;
  /** How the blob came to be in the store. */
  keep: Arrival;
  /** One for each of the job's targets. */
  copy: readonly TargetOutcome[];
  /** One for each of the job's blobs: what it hashes to. */
  digest: readonly Digest[];
}

/** What a worker answers: never a rejection, since structured clone would make a plain Error of ours. */
export type JobResult<Kind extends Job["kind"]> =
  | { ok: true; answer: JobAnswers[Kind] }
  | { ok: false; error: ErrorData };

/** What a blob worker asks of the main thread while it does its jobs. */
export type BlobWorkerAsks = {
  /** Answered when it has been told, so that nothing is told later than how the job ended. */
  notice: { question: Notice; answer: undefined };
  /** The memory of a window. A clone's buffers count as so many bytes more with the engine, although they are the same: it comes once a thread. */
  window: { question: number; answer: WindowHandle };
};
