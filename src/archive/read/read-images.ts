/** Reads an archive once, from its beginning to its end, so that images can be read out of it in any order afterwards. */

import { AceError } from "../../errors.ts";
import type { IndexJson } from "../../format/layout-json.ts";
import type { TarFound } from "../../format/tar-reader.ts";
import type { LocalStore } from "../../layout/local-store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ManifestContent, RawManifest } from "../../oci/manifest.ts";
import type { Arrival, BlobPlace } from "../../pool/jobs.ts";
import { type RunContext, stoppedError } from "../../run/run.ts";
import { ArchiveImages } from "./archive-images.ts";
import type { ArchiveParts } from "./archive-parts.ts";
import type { ArchiveSource } from "./archive-source.ts";
import type { Delivery } from "./delivery.ts";
import { sniffedBytes } from "./sniff-manifest.ts";
import { Unpacking } from "./unpack.ts";
import { lookThrough } from "./walk-archive.ts";

/** How to read. */
export interface ReadImagesOptions {
  strict: boolean;
  /** Hash every blob now. A file's are otherwise hashed when they are sent. */
  verify: boolean;
  /** Opens the store for what passes only once; undefined when blobs are only looked at. */
  openStore: (() => LocalStore) | undefined;
  /** Called as soon as the manifests are there that the archive is about: early in archives of ours. What it throws ends the reading. */
  onRoot(images: ArchiveImages, index: IndexJson): void;
}

/** An archive that has been read. */
export interface ImagesRead {
  images: ArchiveImages;
  /** Blobs that were hashed, or put into the store, and their bytes. */
  blobs: number;
  bytes: number;
  /** Why the archive cannot be read to its end: it is the first part of something. */
  cut: AceError | undefined;
}

/**
 * Goes through the archive, or its parts, with all the checks of deserialize. Bodies of plain files stay where they are; those of
 * streams go to the store.
 * @throws AceError when the archive is damaged, or cut and no file
 */
export async function readImages(
  parts: ArchiveParts,
  options: ReadImagesOptions,
  run: RunContext,
): Promise<ImagesRead> {
  const { areSeveral, source } = parts;
  const looked = areSeveral || !source.seekable ? undefined : await findCut(source);
  // What one part has damaged is wanted of another, so that it has to be known now.
  const reading = new ImagesReading(parts, { ...options, verify: options.verify || areSeveral }, run);
  const cut = await reading.readAll(options.verify || options.strict ? undefined : looked);
  return reading.result(cut);
}

/** A file's headers tell at once whether it is whole. */
async function findCut(source: ArchiveSource): Promise<AceError | undefined> {
  const { entries, fault } = await lookThrough(source);
  if (fault !== undefined && entries === 0) throw fault.error;
  return fault?.error;
}

class ImagesReading implements Delivery {
  readonly #parts: ArchiveParts;
  readonly #options: ReadImagesOptions;
  readonly #run: RunContext;
  readonly #images: ArchiveImages;
  readonly #unpacking: Unpacking;
  #hasRoot = false;
  #blobs = 0;
  #bytes = 0;

  constructor(parts: ArchiveParts, options: ReadImagesOptions, run: RunContext) {
    this.#parts = parts;
    this.#options = options;
    this.#run = run;
    this.#images = new ArchiveImages(parts.source.name);
    if (!parts.source.seekable) this.#images.store = options.openStore?.();
    this.#unpacking = new Unpacking(parts.source, this, {
      policy: options.strict ? "strict" : "lenient",
      log: (level, text) => run.ui.log(level, text),
      events: { blob: () => undefined, manifest: () => undefined, unreadable: parts.takesAsMissing },
      manifest: (raw, content) => this.#takeManifest(raw, content),
      place: (digest, entry) => this.#takePlace(digest, entry),
    });
  }

  /**
   * @param cut why the only file ends too early, when what it holds is wanted all the same
   * @returns the same
   */
  async readAll(cut: AceError | undefined): Promise<AceError | undefined> {
    const { signal } = this.#run;
    try {
      await this.#parts.takeAll(this.#unpacking, signal);
      await this.#unpacking.finish(undefined);
      this.#tellRoot();
      return undefined;
    } catch (error) {
      if (signal.aborted) throw stoppedError(signal);
      if (!(error instanceof AceError) || error.code !== "archive") throw error;
      if (cut === undefined || !this.#hasRoot) throw await this.#salvaged(error);
      return cut;
    }
  }

  result(cut: AceError | undefined): ImagesRead {
    const index = this.#unpacking.firstIndex;
    if (index === undefined || !this.#hasRoot) throw this.#withoutRoot(index);
    return { images: this.#images, blobs: this.#blobs, bytes: this.#bytes, cut };
  }

  async deliver(descriptor: Descriptor, place: BlobPlace): Promise<Arrival> {
    const { pool } = this.#run;
    if (place.kind !== "window" && !this.#options.verify) return "skipped";
    this.#blobs++;
    this.#bytes += descriptor.size;
    const store = place.kind === "window" ? this.#openStore() : undefined;
    if (store === undefined) {
      await pool.run({ kind: "verify", place, descriptor });
      return "moved";
    }
    return await pool.run({ kind: "keep", place, descriptor, store: store.handle });
  }

  async deliverBytes(descriptor: Descriptor, bytes: Uint8Array): Promise<Arrival> {
    const store = this.#parts.source.seekable ? undefined : this.#openStore();
    if (store === undefined || (await store.check(descriptor))) return "skipped";
    using ingest = store.ingest(descriptor);
    ingest.write(bytes);
    await ingest.commit();
    return "moved";
  }

  async push(): Promise<Arrival> {
    return "moved";
  }

  /** What the archive lacks is looked for when it is known which images are wanted. */
  async has(): Promise<boolean> {
    return true;
  }

  async tag(): Promise<void> {}

  mayBeLarge(size: number): boolean {
    return size > sniffedBytes;
  }

  #openStore(): LocalStore | undefined {
    this.#images.store ??= this.#options.openStore?.();
    return this.#images.store;
  }

  #takeManifest(raw: RawManifest, content: ManifestContent): void {
    this.#images.addManifest(raw, content);
    const index = this.#unpacking.firstIndex;
    // Several images, as other tools put into one archive, are all needed.
    if (index?.manifests.length === 1 && index.root.digest === raw.descriptor.digest) this.#tellRoot();
  }

  /** The last blob of a file that is cut may not be whole. */
  #takePlace(digest: Digest, { bodyOffset, sizeBytes }: TarFound): void {
    const { files } = this.#parts.source;
    if (files !== undefined && bodyOffset + sizeBytes > files.totalBytes) return;
    this.#images.addBlob(digest, bodyOffset, files);
  }

  #tellRoot(): void {
    const index = this.#unpacking.firstIndex;
    if (this.#hasRoot || index === undefined || !this.#images.hasManifest(index.root.digest)) return;
    this.#hasRoot = true;
    this.#options.onRoot(this.#images, index);
  }

  #withoutRoot(index: IndexJson | undefined): AceError {
    const { name } = this.#images;
    if (index === undefined) {
      return new AceError(
        "archive",
        `Cannot unarchive ${name}: it has no index.json, so it is no OCI archive`,
      );
    }
    return new AceError(
      "archive",
      `Cannot unarchive ${name}: the index that it is about, ${index.root.digest}, is not in it`,
      {
        hint: "It is a later part: deserialize all parts into one repository, and scatter that.",
      },
    );
  }

  /** What of a stream has been kept is found by the run that reads it, or the next part. */
  async #salvaged(error: AceError): Promise<AceError> {
    await this.#unpacking.settled();
    const { store } = this.#images;
    return store === undefined || this.#blobs === 0
      ? error
      : error.withDetails(
          `what came before that is kept in ${store.directory}, where the next part (ace-dt mirror serialize --existing-from-checkpoint) finds it; nothing is tagged`,
        );
  }
}
