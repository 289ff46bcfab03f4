/** An OCI image layout on disk as a store of manifests and blobs: the local store, and each repository of the registry. */
import { existsSync, mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ManifestSource, ManifestStore, ReferrerSource } from "../content/storage.ts";
import { AceError, systemCodeOf } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type Digest, digestAlgorithm, digestOf } from "../oci/digest.ts";
import { parseManifest, type RawManifest } from "../oci/manifest.ts";
import { isManifestType } from "../oci/media-types.ts";
import { replaceFile, syncDirectory, type WritePolicy, writeTemporary } from "../system/replace-file.ts";
import { BlobDirectory } from "./blob-directory.ts";
import { LayoutIndex } from "./layout-index.ts";

/** image-spec image-layout.md, "oci-layout file". */
const layoutMarker = '{"imageLayoutVersion":"1.0.0"}';

/** One OCI layout. One process at a time may write to it; {@link ImageLayout.open} does not enforce that. */
export class ImageLayout implements ManifestSource, ManifestStore, ReferrerSource {
  readonly blobs: BlobDirectory;
  readonly index: LayoutIndex;
  /** What each manifest's `subject` is; filled by pushes and, for older manifests, by the first question about referrers. */
  readonly #subjects = new Map<Digest, Digest | undefined>();
  /** How many pushes of each manifest are under way. */
  readonly #storing = new Map<Digest, number>();

  private constructor(
    readonly directory: string,
    private readonly policy: WritePolicy,
  ) {
    this.blobs = new BlobDirectory(join(directory, "blobs"), policy);
    this.index = new LayoutIndex(join(directory, "index.json"), policy);
  }

  /**
   * Opens a layout that exists.
   * @throws AceError `input` when its index.json is damaged
   */
  static open(directory: string, policy: WritePolicy): ImageLayout {
    return new ImageLayout(directory, policy);
  }

  /** Makes an empty layout, or opens the one that is there. Throws the system's error. */
  static async create(directory: string, policy: WritePolicy): Promise<ImageLayout> {
    const isNew = mkdirSync(directory, { recursive: true }) !== undefined;
    if (isNew && policy.durable) await syncDirectory(dirname(directory));
    const layout = new ImageLayout(directory, policy);
    const marker = join(directory, "oci-layout");
    if (!existsSync(marker)) {
      await replaceFile(marker, layoutMarker, policy);
      await layout.index.update(() => undefined);
    }
    return layout;
  }

  /**
   * The manifest that a descriptor points at, checked for size and digest.
   * @throws AceError `not-found`, or `digest` when the file on disk is damaged
   */
  async fetchManifest(descriptor: Descriptor): Promise<RawManifest> {
    const listed = this.index.manifest(descriptor.digest);
    if (listed === undefined) throw notFound(descriptor.digest, this.directory);
    let bytes: Uint8Array;
    try {
      bytes = await readFile(this.blobs.pathOf(descriptor.digest));
    } catch (error) {
      if (systemCodeOf(error) === "ENOENT") throw notFound(descriptor.digest, this.directory);
      throw error;
    }
    const actual = digestOf(bytes, digestAlgorithm(descriptor.digest));
    if (actual !== descriptor.digest || bytes.length !== descriptor.size) {
      throw new AceError(
        "digest",
        `Cannot read manifest ${descriptor.digest} in ${JSON.stringify(this.directory)}: the file holds ${bytes.length} bytes of ${actual}`,
      );
    }
    return { descriptor: listed, bytes };
  }

  async hasManifest(descriptor: Descriptor): Promise<boolean> {
    return this.index.manifest(descriptor.digest) !== undefined;
  }

  /** Stores a manifest under its digest and, when given, a tag; the tag shows last. */
  async pushManifest(manifest: RawManifest, tag?: string): Promise<void> {
    await this.storeManifest(manifest, tag === undefined ? [] : [tag]);
  }

  /**
   * Stores a manifest under its digest and any number of tags, which it takes from whatever had them.
   * @param manifest its descriptor's digest and size must already be known to match the bytes
   */
  async storeManifest(manifest: RawManifest, tags: readonly string[]): Promise<void> {
    const { mediaType, digest, size } = manifest.descriptor;
    this.#subjects.set(digest, parseManifest(manifest.bytes, mediaType, digest).subject?.digest);
    this.#storing.set(digest, (this.#storing.get(digest) ?? 0) + 1);
    try {
      if (this.blobs.sizeOf(digest) !== size) {
        this.blobs.take(await writeTemporary(manifest.bytes, this.policy), digest);
      }
      await this.blobs.settle(digest);
      await this.index.update((draft) => {
        // A manifest that is pushed again keeps its place; its media type is the newest.
        draft.manifests.set(digest, { mediaType, digest, size });
        for (const tag of tags) draft.tags.set(tag, digest);
      });
    } finally {
      const others = (this.#storing.get(digest) ?? 1) - 1;
      if (others === 0) this.#storing.delete(digest);
      else this.#storing.set(digest, others);
    }
  }

  /** Removes a tag, and nothing else; true when it was there. */
  async deleteTag(tag: string): Promise<boolean> {
    if (this.index.tagged(tag) === undefined) return false;
    return this.index.update((draft) => draft.tags.delete(tag));
  }

  /** Removes a manifest and every tag on it; true when it was there. */
  async deleteManifest(digest: Digest): Promise<boolean> {
    if (this.index.manifest(digest) === undefined) return false;
    const found = await this.index.update((draft) => {
      for (const [tag, target] of draft.tags) if (target === digest) draft.tags.delete(tag);
      return draft.manifests.delete(digest);
    });
    // Unless it was or is being pushed again, which counts on the file.
    if (this.index.manifest(digest) === undefined && !this.#storing.has(digest)) {
      this.blobs.remove(digest);
      this.#subjects.delete(digest);
    }
    return found;
  }

  /**
   * Descriptors of the manifests whose subject is `digest`, sorted by digest, with the artifactType and the annotations
   * that distribution-spec "Listing Referrers" wants. The first call on a layout from disk reads all its manifests.
   */
  async listReferrers(digest: Digest): Promise<readonly Descriptor[]> {
    const found: Descriptor[] = [];
    for (const { digest: candidate } of [...this.index.manifests()]) {
      if (this.#subjects.has(candidate) && this.#subjects.get(candidate) !== digest) continue;
      const manifest = await this.#fetchIfThere(candidate);
      if (manifest === undefined) continue;
      const { mediaType, size } = manifest.descriptor;
      const content = parseManifest(manifest.bytes, mediaType, candidate);
      this.#subjects.set(candidate, content.subject?.digest);
      if (content.subject?.digest !== digest) continue;
      found.push({
        mediaType,
        digest: candidate,
        size,
        annotations: Object.keys(content.annotations).length === 0 ? undefined : content.annotations,
        artifactType: content.artifactType || content.config?.mediaType,
      });
    }
    return found.sort((a, b) => (a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0));
  }

  /** The manifest, unless it was deleted since the caller saw it or other software listed something else as a manifest. */
  async #fetchIfThere(digest: Digest): Promise<RawManifest | undefined> {
    const listed = this.index.manifest(digest);
    if (listed === undefined || !isManifestType(listed.mediaType)) return undefined;
    try {
      return await this.fetchManifest(listed);
    } catch (error) {
      if (error instanceof AceError && error.code === "not-found") return undefined;
      throw error;
    }
  }
}

function notFound(digest: Digest, directory: string): AceError {
  return new AceError(
    "not-found",
    `Cannot read manifest ${digest} in ${JSON.stringify(directory)}: it is not there`,
  );
}
