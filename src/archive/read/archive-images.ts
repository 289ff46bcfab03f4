/** What an archive holds, for whoever wants to read images out of it: manifests at hand, blobs by their places. */

import { DigestTable } from "../../collections/digest-table.ts";
import { PackedManifests } from "../../collections/packed-manifests.ts";
import type { GraphSource } from "../../content/read-graph.ts";
import { AceError } from "../../errors.ts";
import type { LocalStore } from "../../layout/local-store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ManifestContent, RawManifest } from "../../oci/manifest.ts";
import type { BlobPlace } from "../../pool/jobs.ts";
import type { BlobOrigin } from "../../registry/blob-origin.ts";
import type { RepositoryAddress } from "../../registry/settings.ts";
import type { ArchiveFiles } from "./archive-files.ts";

/** In place of the number of a part. */
const inStore = -1;

/** Manifests are kept packed, places as numbers: an archive may hold a million blobs. */
export class ArchiveImages implements GraphSource, BlobOrigin {
  /** As the user calls the archive. */
  readonly name: string;
  /** Stands for the archive where otherwise a repository is meant; a host has no blank in its name. */
  readonly address: RepositoryAddress;
  readonly #manifests = new PackedManifests();
  readonly #referrers = new Map<Digest, Descriptor[]>();
  readonly #blobs = new DigestTable();
  /** By the blobs' numbers: byte offsets in the archive, and which of the parts has it. */
  readonly #offsets: number[] = [];
  readonly #holders: number[] = [];
  readonly #parts: ArchiveFiles[] = [];
  /** Where the blobs of streams are. */
  store: LocalStore | undefined;

  constructor(name: string) {
    this.name = name;
    this.address = { settings: { registry: `archive ${name}`, endpoints: [] }, repository: "" };
  }

  addManifest({ descriptor, bytes }: RawManifest, { subject, artifactType }: ManifestContent): void {
    const { mediaType, digest, size } = descriptor;
    this.#manifests.put(digest, bytes);
    if (subject === undefined) return;
    const others = this.#referrers.get(subject.digest) ?? [];
    others.push({ mediaType, digest, size, ...(artifactType === undefined ? {} : { artifactType }) });
    this.#referrers.set(subject.digest, others);
  }

  /**
   * Says where a blob is; a later word replaces an earlier one.
   * @param offset of its first byte
   * @param files that it is read from; undefined means the store
   */
  addBlob(digest: Digest, offset: number, files: ArchiveFiles | undefined): void {
    const number = this.#blobs.add(digest);
    if (files !== undefined && this.#parts.at(-1) !== files) this.#parts.push(files);
    this.#offsets[number] = offset;
    this.#holders[number] = files === undefined ? inStore : this.#parts.length - 1;
  }

  hasManifest(digest: Digest): boolean {
    return this.#manifests.has(digest);
  }

  /** @throws AceError `archive` when the archive does not hold it */
  manifest(descriptor: Descriptor): RawManifest {
    const { digest, size } = descriptor;
    const bytes = this.#manifests.get(digest);
    if (bytes === undefined) {
      throw new AceError("archive", `Cannot read manifest ${digest}: it is not in ${this.name}`, {
        hint: "The archive is a part: deserialize all parts into one repository, and scatter that.",
      });
    }
    if (bytes.length !== size) {
      throw new AceError(
        "digest",
        `Cannot read manifest ${digest} in ${this.name}: it has ${bytes.length} bytes, its descriptor says ${size}`,
      );
    }
    return { descriptor, bytes: Uint8Array.from(bytes) };
  }

  /** The same, for reading a graph. */
  async fetchManifest(descriptor: Descriptor): Promise<RawManifest> {
    return this.manifest(descriptor);
  }

  async listReferrers(digest: Digest): Promise<readonly Descriptor[]> {
    return [...(this.#referrers.get(digest) ?? [])].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  }

  async hasBlob({ digest }: Descriptor): Promise<boolean> {
    return this.#blobs.numberOf(digest) !== undefined;
  }

  /** Where a blob can be read; undefined when the archive does not hold it. */
  placeOf({ digest, size }: Descriptor): BlobPlace | undefined {
    const number = this.#blobs.numberOf(digest) ?? -1;
    const offset = this.#offsets[number];
    if (offset === undefined) return undefined;
    const files = this.#parts[this.#holders[number] ?? inStore];
    if (files !== undefined) return files.placeOf(offset, size);
    return { kind: "file", path: this.store?.pathOf(digest) ?? this.name, offset: 0 };
  }

  /** What an earlier part left in the local store is as good as here. */
  async lookInStore(descriptor: Descriptor): Promise<boolean> {
    if (this.store === undefined || !(await this.store.check(descriptor))) return false;
    this.addBlob(descriptor.digest, 0, undefined);
    return true;
  }
}
