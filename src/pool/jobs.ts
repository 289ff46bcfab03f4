/** The messages between the main thread and the blob workers. All of it is plain data. */
import type { RepositoryAddress } from "../content/endpoint.ts";
import type { ErrorData } from "../errors.ts";
import type { StoreHandle } from "../layout/local-store.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { WindowName } from "./attach-window.ts";
import type { Notice } from "./host/thread-contract.ts";
import type { SharedState } from "./shared-state.ts";

/** What a worker is told when it starts. */
export interface WorkerSettings {
  shared: SharedState;
  /** This thread's share of the connections to a host. */
  connectionsPerHost: number;
  userAgent: string;
  /** The local store that blobs are looked for in, and put into; undefined when this run does without. */
  store: StoreHandle | undefined;
}

/** Fetch a blob into the window at its place in the archive. */
export interface FetchJob {
  kind: "fetch";
  window: WindowName;
  slot: number;
  /** Archive offset of the blob's first byte. */
  offset: number;
  descriptor: Descriptor;
  source: RepositoryAddress;
  /** Show nothing to the writer before the digest is verified. */
  holdBack: boolean;
  /** A {@link HashJob} for the same segment verifies what this one receives, and shows it to the writer. */
  hashedElsewhere: boolean;
}

/** Verify what a fetch job receives, while it receives it. To be handed in together with that job, which must not hold back. */
export interface HashJob {
  kind: "hash";
  window: WindowName;
  slot: number;
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
export type BlobPlace =
  | { kind: "file"; path: string; offset: number }
  | { kind: "files"; archive: string; offset: number; stretches: readonly Stretch[] }
  | { kind: "window"; window: WindowName; slot: number; offset: number };

/** A place that can be read at any time, as often as need be. */
export type FilePlace = Exclude<BlobPlace, { kind: "window" }>;

/** Upload a blob out of a file or the window. */
export interface UploadJob {
  kind: "upload";
  place: BlobPlace;
  descriptor: Descriptor;
  target: RepositoryAddress;
  /** Chunked upload above this many bytes; 0 never. */
  chunkBytes: number;
}

/** Read a blob from a file or the window and check its digest. */
export interface VerifyJob {
  kind: "verify";
  place: BlobPlace;
  descriptor: Descriptor;
}

/** Tell what blobs of an archive hash to; to compare is the asker's. Several small ones make one job. */
export interface DigestJob {
  kind: "digest";
  blobs: readonly { place: BlobPlace; size: number; algorithm: string }[];
}

/** Put a blob of a stream into the local store. */
export interface KeepJob {
  kind: "keep";
  place: BlobPlace;
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

export type Job = FetchJob | HashJob | UploadJob | VerifyJob | KeepJob | CopyJob | DigestJob;

/** How a blob came to be at a target. */
export type Arrival = "moved" | "mounted" | "skipped";

/** What happened at one target. */
export type TargetOutcome = { arrival: Arrival } | { error: ErrorData };

/**
 * What a worker answers. `outcomes` follow the job's targets (one for an upload, none for fetch and verify); `digests` are the answer
 * to a {@link DigestJob}, one a blob.
 */
export type JobResult =
  | {
      ok: true;
      outcomes: readonly TargetOutcome[];
      digests?: readonly Digest[] | undefined;
      notices: readonly Notice[];
    }
  | { ok: false; error: ErrorData; notices: readonly Notice[] };
