/** What an archive turned out to hold, and what is wrong with it. */

import { PackedManifests } from "../../collections/packed-manifests.ts";
import { paddingBytes } from "../../format/tar-header.ts";
import { type Digest, digestAlgorithm, digestOf } from "../../oci/digest.ts";
import { manifestLimitBytes } from "../../oci/manifest.ts";
import type { ArchiveFault, FaultKind } from "./archive-faults.ts";
import type { ArchiveFiles } from "./archive-files.ts";
import type { ArchiveSource } from "./archive-source.ts";
import { ArchivedBlobs } from "./archived-blobs.ts";
import { HeaderReader } from "./header-reader.ts";
import { LayoutFiles, type LayoutReader } from "./layout-files.ts";

export class ArchiveContents {
  /** As the user calls it. */
  readonly name: string;
  readonly blobs = new ArchivedBlobs();
  readonly faults: ArchiveFault[] = [];
  /** Sentences for the log: what is odd and harms nothing. */
  readonly notices: string[] = [];
  /** What index.json and manifest.json say. */
  readonly layout: LayoutFiles;
  /** Names of files that are no blobs. */
  readonly otherNames = new Set<string>();
  /** True when the archive ends too early or cannot be read to its end. */
  isCut = false;
  /** True when what was read was compressed: positions in the file are not those in the archive. */
  isPacked = false;
  /** Of a stream, whose manifests have passed by the time they are asked for. */
  readonly #images = new PackedManifests();
  readonly #headers: HeaderReader | undefined;
  /** Manifests that were told of. */
  readonly #unread = new Set<Digest>();
  readonly #files: ArchiveFiles | undefined;

  constructor(source: ArchiveSource, read: LayoutReader["read"]) {
    this.name = source.name;
    this.layout = new LayoutFiles(source.name, {
      read,
      tell: ({ fault, message, offset }) => this.tell(fault, message, { offset }),
    });
    this.#files = source.files;
    this.#headers = source.seekable ? new HeaderReader(source) : undefined;
  }

  /** Writes a fault down; of a set its message says which volume to look at. */
  tell(
    fault: FaultKind,
    message: string,
    facts: Pick<ArchiveFault, "offset" | "digest" | "image"> = {},
  ): void {
    const { offset, digest } = facts;
    const size = digest === undefined ? 1 : (this.blobs.find(digest)?.sizeBytes ?? 1);
    const volumes = offset === undefined ? undefined : this.#files?.volumesOf(offset, size);
    const where = volumes === undefined ? "" : ` (in ${volumes})`;
    this.faults.push({ fault, archive: this.name, message: `${message}${where}`, ...facts });
  }

  /** Says once that a manifest, which hashes to its name, cannot be read. */
  tellOfManifest(digest: Digest, message: string, image?: string | undefined): void {
    if (this.#unread.has(digest)) return;
    this.#unread.add(digest);
    this.tell("manifest", message, { digest, image, offset: this.blobs.find(digest)?.bodyOffset });
  }

  /** Compares what a blob hashes to with its name; a wrong one is told and counts as such from then on. */
  settle(digest: Digest, actual: Digest): void {
    if (actual === digest || this.blobs.isWrong(digest)) return;
    this.blobs.markWrong(digest);
    this.tell("digest", `its bytes hash to ${actual}`, {
      digest,
      offset: this.blobs.find(digest)?.bodyOffset,
    });
  }

  /** Keeps the manifest of a stream, verified. */
  keep(digest: Digest, bytes: Uint8Array): void {
    this.#images.put(digest, bytes);
  }

  /** True when a blob is here, whole, and not known to be wrong. */
  holds(digest: Digest): boolean {
    return !this.blobs.isWrong(digest) && this.blobs.find(digest) !== undefined;
  }

  /** Where a blob's padding ends; undefined when it is not here, or not whole. */
  endOf(digest: Digest): number | undefined {
    const position = this.blobs.find(digest);
    if (position === undefined) return undefined;
    const { bodyOffset, sizeBytes } = position;
    return bodyOffset + sizeBytes + paddingBytes(sizeBytes);
  }

  /**
   * A small blob, verified; of a stream a manifest only. It is good until the next call.
   * @returns undefined when it is not here, wrong (which is told), or larger than any manifest
   */
  async small(digest: Digest): Promise<Uint8Array | undefined> {
    const position = this.blobs.find(digest);
    if (position === undefined || this.blobs.isWrong(digest)) return undefined;
    if (this.#headers === undefined) return this.#images.get(digest);
    if (position.sizeBytes > manifestLimitBytes) return undefined;
    const bytes = await this.#headers.read(position.bodyOffset, position.sizeBytes);
    this.settle(digest, digestOf(bytes, digestAlgorithm(digest)));
    return this.blobs.isWrong(digest) ? undefined : bytes;
  }
}
