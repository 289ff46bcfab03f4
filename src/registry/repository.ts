/** A repository in a registry, through its endpoints: reads try each in order, pushes go to the first. */
import type { RepositoryAddress } from "../content/endpoint.ts";
import type { ManifestCache, ManifestSource, ManifestStore, ReferrerSource } from "../content/storage.ts";
import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { RawManifest } from "../oci/manifest.ts";
import type { BlobBody } from "./blob-body.ts";
import type { Endpoint } from "./endpoint.ts";
import { hasBlobAt } from "./has-blob.ts";
import { fetchByDescriptor, fetchByTarget, hasManifestAt, resolveManifest } from "./manifests.ts";
import { type MountResult, mountBlobAt } from "./mount-blob.ts";
import { askInOrder, type Place, withSignal } from "./place.ts";
import { type ReadBlobOptions, readBlobAt } from "./read-blob.ts";
import { listReferrersAt, pushWithReferrers } from "./referrers.ts";
import { listTagsAt } from "./tags.ts";
import { type UploadOptions, uploadBlobAt } from "./upload-blob.ts";
import { cancelSession, type UploadSession } from "./upload-session.ts";

export type { BlobBody } from "./blob-body.ts";
export { RangeUnsupportedError } from "./blob-receiver.ts";
export type { MountResult } from "./mount-blob.ts";
export type { ReadBlobOptions } from "./read-blob.ts";
export type { UploadOptions } from "./upload-blob.ts";
export type { UploadSession } from "./upload-session.ts";

/**
 * Every method may throw AceErrors: `denied`, `not-found`, `network` (after the retries), `registry` (an answer that breaks the
 * protocol), `digest`, and `stopped` or the signal's own reason.
 */
export class Repository implements ManifestSource, ReferrerSource, ManifestStore {
  readonly address: RepositoryAddress;
  /** `registry/repository` for messages. */
  readonly name: string;
  readonly #places: readonly Place[];

  readonly #cache: ManifestCache | undefined;

  /** @param endpoints in the order in which they are tried; shared, not owned */
  constructor(address: RepositoryAddress, endpoints: readonly Endpoint[], cache?: ManifestCache) {
    this.address = address;
    this.#cache = cache;
    const { repository } = address;
    this.name = `${address.settings.registry}/${repository}`;
    const { name } = this;
    this.#places = endpoints.map((endpoint) => ({ endpoint, repository, name, signals: [endpoint.signal] }));
  }

  /** The descriptor behind a tag or digest. */
  resolve(target: string): Promise<Descriptor> {
    return askInOrder(this.#places, (place) => resolveManifest(place, target));
  }

  async fetchManifest(descriptor: Descriptor): Promise<RawManifest> {
    const known = await this.#cache?.find(descriptor);
    if (known !== undefined) return { descriptor, bytes: known };
    const manifest = await askInOrder(this.#places, (place) => fetchByDescriptor(place, descriptor));
    this.#cache?.keep(manifest);
    return manifest;
  }

  /** The manifest behind a tag or digest, with one GET. */
  fetchTarget(target: string): Promise<RawManifest> {
    return askInOrder(this.#places, (place) => fetchByTarget(place, target));
  }

  hasManifest(descriptor: Descriptor): Promise<boolean> {
    return this.#first((place) => hasManifestAt(place, descriptor));
  }

  pushManifest(manifest: RawManifest, tag?: string): Promise<void> {
    return this.#first((place) => pushWithReferrers(place, manifest, tag));
  }

  /** True when the first endpoint, the one that pushes go to, has the blob. */
  hasBlob(descriptor: Descriptor, signal?: AbortSignal): Promise<boolean> {
    return this.#first((place) => hasBlobAt(withSignal(place, signal), descriptor));
  }

  /** Asks the registry to take the blob over from another of its repositories (its path at the endpoint). */
  mountBlob(descriptor: Descriptor, fromRepository: string, signal?: AbortSignal): Promise<MountResult> {
    return this.#first((place) => mountBlobAt(withSignal(place, signal), descriptor, fromRepository));
  }

  /** Delivers the bytes [start, end) of a blob to the sink; see {@link readBlobAt}. Does not hash: the caller does. */
  readBlob(descriptor: Descriptor, options: ReadBlobOptions): Promise<void> {
    const places = this.#places.map((place) => withSignal(place, options.signal));
    return readBlobAt(places, descriptor, options);
  }

  /** Uploads a blob; see {@link uploadBlobAt}. */
  uploadBlob(descriptor: Descriptor, body: BlobBody, options: UploadOptions = {}): Promise<void> {
    return this.#first((place) => uploadBlobAt(withSignal(place, options.signal), descriptor, body, options));
  }

  /** Gives up a session that is not used; never fails. */
  cancelUpload(session: UploadSession): Promise<void> {
    return this.#first((place) => cancelSession(place, session));
  }

  listReferrers(digest: Digest): Promise<readonly Descriptor[]> {
    return askInOrder(this.#places, (place) => listReferrersAt(place, digest));
  }

  /** Every tag, sorted; none when the repository does not exist. */
  listTags(): Promise<readonly string[]> {
    return askInOrder(this.#places, (place) => listTagsAt(place));
  }

  async #first<T>(act: (place: Place) => Promise<T>): Promise<T> {
    const place = this.#places[0];
    if (place === undefined)
      throw new AceError("config", `Cannot use ${this.name}: its registry has no endpoint`);
    return act(place);
  }
}
