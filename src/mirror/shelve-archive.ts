/** Reads an archive once, from its beginning to its end, so that images can be read out of it in any order afterwards. */
import { classifyEntry } from "../archive/entry-name.ts";
import type { IndexJson } from "../archive/layout-json.ts";
import type { TarFound } from "../archive/tar-reader.ts";
import { AceError } from "../errors.ts";
import type { LocalStore } from "../layout/local-store.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Arrival, BlobPlace } from "../pool/jobs.ts";
import { ArchiveShelf } from "./archive-shelf.ts";
import type { ArchiveSource } from "./archive-source.ts";
import type { Delivery } from "./delivery.ts";
import { arrivalOf } from "./outcomes.ts";
import { readEntries } from "./read-entries.ts";
import { type RunContext, stoppedError } from "./run.ts";
import { Unpacking } from "./unpack.ts";

/** How to read. */
export interface ShelveOptions {
  strict: boolean;
  /** Hash every blob now. A file's are otherwise hashed when they are sent. */
  verify: boolean;
  /** Where a stream's blobs are kept, unless they are only looked at. */
  store: LocalStore | undefined;
  /** Called as soon as the manifests are there that the archive is about: early in archives of ours. What it throws ends the reading. */
  rooted(shelf: ArchiveShelf, index: IndexJson): void;
}

/** An archive that has been read. */
export interface Shelved {
  shelf: ArchiveShelf;
  index: IndexJson;
  /** Blobs that were hashed, or put into the store, and their bytes. */
  blobs: number;
  bytes: number;
  /** Why the archive cannot be read to its end: it is the first part of something. */
  cut: AceError | undefined;
}

/**
 * Goes through the archive with all the checks of deserialize. Bodies of a file stay where they are; a stream's go to the store.
 * @throws AceError when the archive is damaged, or cut and no file
 */
export async function shelveArchive(
  source: ArchiveSource,
  options: ShelveOptions,
  run: RunContext,
): Promise<Shelved> {
  const reading = new Shelving(source, options, run);
  const cut = await reading.readAll();
  return reading.result(cut);
}

class Shelving implements Delivery {
  readonly #source: ArchiveSource;
  readonly #options: ShelveOptions;
  readonly #run: RunContext;
  readonly #shelf: ArchiveShelf;
  readonly #unpacking: Unpacking;
  #isRooted = false;
  #blobs = 0;
  #bytes = 0;

  constructor(source: ArchiveSource, options: ShelveOptions, run: RunContext) {
    this.#source = source;
    this.#options = options;
    this.#run = run;
    this.#shelf = new ArchiveShelf(source.name, options.store);
    this.#unpacking = new Unpacking(source, this, {
      strict: options.strict,
      log: (level, text) => run.ui.log(level, text),
      events: { blob: () => undefined, manifest: () => undefined },
      manifest: (raw, content) => this.#shelf.addManifest(raw, content),
    });
  }

  /** @returns why a file ends too early; what it holds is wanted all the same */
  async readAll(): Promise<AceError | undefined> {
    const { signal } = this.#run;
    let isTaking = false;
    try {
      for await (const entry of readEntries(this.#source)) {
        signal.throwIfAborted();
        // The last entry of a file that is cut: what comes next says so.
        if (!this.#isWhole(entry)) continue;
        isTaking = true;
        await this.#unpacking.take(entry);
        this.#note(entry);
        this.#tellRoot(false);
        isTaking = false;
      }
      isTaking = true;
      await this.#unpacking.finish(undefined);
      this.#tellRoot(true);
      return undefined;
    } catch (error) {
      if (signal.aborted) throw stoppedError(signal);
      if (!(error instanceof AceError) || error.code !== "archive") throw error;
      if (!this.#source.seekable) throw await this.#salvaged(error);
      if (isTaking || !this.#isRooted || this.#options.verify) throw error;
      return error;
    }
  }

  result(cut: AceError | undefined): Shelved {
    const index = this.#unpacking.firstIndex;
    if (index === undefined || !this.#isRooted) throw this.#rootless(index);
    return { shelf: this.#shelf, index, blobs: this.#blobs, bytes: this.#bytes, cut };
  }

  async deliver(descriptor: Descriptor, place: BlobPlace): Promise<Arrival> {
    const { store, verify } = this.#options;
    const { pool } = this.#run;
    if (store === undefined && !verify && place.kind === "file") return "skipped";
    this.#blobs++;
    this.#bytes += descriptor.size;
    if (store === undefined) {
      await pool.run({ kind: "verify", place, descriptor });
      return "moved";
    }
    return arrivalOf((await pool.run({ kind: "keep", place, descriptor, store: store.handle }))[0]);
  }

  async deliverBytes(descriptor: Descriptor, bytes: Uint8Array): Promise<Arrival> {
    const { store } = this.#options;
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

  #isWhole({ bodyOffset, sizeBytes }: TarFound): boolean {
    return bodyOffset + sizeBytes <= (this.#source.totalBytes ?? Number.POSITIVE_INFINITY);
  }

  #note({ name, type, bodyOffset }: TarFound): void {
    const role = classifyEntry(name);
    if (role.kind === "blob" && type === "file") this.#shelf.addBlob(role.digest, bodyOffset);
  }

  /** @param isEnd several images, as other tools put into one archive, are all needed */
  #tellRoot(isEnd: boolean): void {
    const index = this.#unpacking.firstIndex;
    if (this.#isRooted || index === undefined) return;
    if (!isEnd && index.manifests.length > 1) return;
    if (!this.#shelf.hasManifest(index.root.digest)) return;
    this.#isRooted = true;
    this.#options.rooted(this.#shelf, index);
  }

  #rootless(index: IndexJson | undefined): AceError {
    const { name } = this.#source;
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
    const { store } = this.#options;
    await this.#unpacking.settled();
    return store === undefined || this.#blobs === 0
      ? error
      : error.withDetails(
          `what came before that is kept in ${store.directory}, where the next part (--existing-from-checkpoint) finds it; nothing is tagged`,
        );
  }
}

/** Bodies up to this are looked at in memory when nothing said yet what they are. Bytes. */
const sniffedBytes = 4 * 1024 * 1024;
