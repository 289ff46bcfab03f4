/** The narrow interfaces between the graph and whatever stores it: a registry repository, a layout, an archive. */
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { RawManifest } from "../oci/manifest.ts";

/** Reads manifests. */
export interface ManifestSource {
  /**
   * The manifest that a descriptor points at, checked for size and digest.
   * @throws AceError `not-found`, `digest`, or what the transport says
   */
  fetchManifest(descriptor: Descriptor): Promise<RawManifest>;
}

/** Manifests by digest that need not be asked for again. */
export interface ManifestCache {
  /** The bytes, checked for size and digest; undefined when it does not have them. Never rejects. */
  find(descriptor: Descriptor): Promise<Uint8Array | undefined>;
  /** Takes one for later, or does not. Never throws. */
  keep(manifest: RawManifest): void;
}

/** Lists what refers to a manifest. */
export interface ReferrerSource {
  /** Descriptors of the manifests whose `subject` is `digest`; empty when there are none. Sorted by digest. */
  listReferrers(digest: Digest): Promise<readonly Descriptor[]>;
}

/** Tells whether a blob is there. */
export interface BlobPresence {
  hasBlob(descriptor: Descriptor): Promise<boolean>;
}

/** Takes manifests. */
export interface ManifestStore {
  /** True when the manifest is there already. */
  hasManifest(descriptor: Descriptor): Promise<boolean>;
  /** Stores the bytes as they are, under the descriptor's digest and, when given, a tag. */
  pushManifest(manifest: RawManifest, tag?: string): Promise<void>;
}

/** Where a blob's bytes go as they arrive. */
export interface BlobSink {
  /**
   * Takes the next bytes, in order. The chunk is the caller's again when the call (or its promise) is done: copy what is kept.
   * A returned promise is the brake: the source reads no further until it resolves.
   */
  write(chunk: Uint8Array): void | Promise<void>;
}
