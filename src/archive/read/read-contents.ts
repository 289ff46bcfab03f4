/** Goes through an archive once and notes what is in it; bodies are handed on or passed over. */
import { AceError } from "../../errors.ts";
import type { EntryRole } from "../../format/entry-name.ts";
import type { TarFound } from "../../format/tar-reader.ts";
import { type Digest, digestAlgorithm, digestOf } from "../../oci/digest.ts";
import { manifestLimitBytes } from "../../oci/manifest.ts";
import { ArchiveContents } from "./archive-contents.ts";
import type { ArchiveSource } from "./archive-source.ts";

import type { LayoutFile } from "./layout-files.ts";
import { sniffManifest } from "./sniff-manifest.ts";
import { type FoundFault, walkArchive } from "./walk-archive.ts";

/** What the reader does with what it meets. */
export interface ContentsOptions {
  /** Read the index.json at the end too; for a list the first one is enough. */
  lastIndex: boolean;
  /** Takes a larger body of a stream while it is there, to hash it; without it nothing is hashed but JSON. */
  body?(entry: TarFound, digest: Digest, contents: ArchiveContents): Promise<void>;
  /** Sees verified JSON of a stream that is no manifest. */
  json?(digest: Digest, bytes: Uint8Array): void;
  signal: AbortSignal;
}

/** Smaller bodies of a stream are read and hashed where they are: the way to a thread would cost more. Bytes. */
const smallBytes = 64 * 1024;

/** Every JSON object begins with it. */
const openBrace = 0x7b;

/**
 * Reads an archive to its end.
 * @throws AceError `medium`, `stopped`; whatever is wrong with the archive is a fault in the result
 */
export async function readContents(
  source: ArchiveSource,
  options: ContentsOptions,
): Promise<ArchiveContents> {
  const reading = new ContentsReading(source, options);
  for await (const step of walkArchive(source, "salvage")) {
    options.signal.throwIfAborted();
    if (step.kind === "fault") reading.fault(step);
    else await reading.entry(step.entry, step.role);
  }
  reading.finish();
  return reading.contents;
}

class ContentsReading {
  readonly contents: ArchiveContents;
  readonly #source: ArchiveSource;
  readonly #options: ContentsOptions;

  constructor(source: ArchiveSource, options: ContentsOptions) {
    this.#source = source;
    this.#options = options;
    this.contents = new ArchiveContents(source, (entry) => this.#body(entry, entry.sizeBytes));
  }

  async entry(entry: TarFound, role: EntryRole): Promise<void> {
    switch (role.kind) {
      case "blob":
        return this.blob(entry, role.digest);
      case "oci-layout":
      case "index":
      case "manifest-json":
        return this.file(entry, role.kind);
      case "other":
        this.other(entry, role.notice);
    }
  }

  fault({ fault, offset, message }: FoundFault): void {
    this.contents.tell(fault, message, { offset });
    if (fault !== "cut" && fault !== "stream") return;
    this.contents.isCut = true;
    this.contents.blobs.cutAt(this.#source.totalBytes ?? this.#source.position());
  }

  other({ name }: TarFound, notice: string | undefined): void {
    this.contents.otherNames.add(name.replace(/^(?:\.\/)+/, ""));
    if (notice !== undefined) this.contents.notices.push(notice);
  }

  async blob(entry: TarFound, digest: Digest): Promise<void> {
    const { contents } = this;
    if (entry.type !== "file") {
      contents.notices.push(`entry ${JSON.stringify(entry.name)} is ignored: it is no file`);
      return;
    }
    if (!contents.blobs.add(digest, entry)) {
      contents.tell("duplicate", "it stands in the archive twice", { digest, offset: entry.headerOffset });
      return;
    }
    if (!this.#source.seekable) await this.#pass(entry, digest);
  }

  /** A body of a stream. Small JSON is looked at as it passes: it may be a manifest. */
  async #pass(entry: TarFound, digest: Digest): Promise<void> {
    const { contents } = this;
    const isSmall = entry.sizeBytes <= smallBytes;
    const [first] = isSmall ? [] : ((await this.#body(entry, 1)) ?? []);
    if (!isSmall && (first !== openBrace || entry.sizeBytes > manifestLimitBytes))
      return this.#options.body?.(entry, digest, contents);
    const bytes = await this.#body(entry, entry.sizeBytes);
    if (bytes === undefined) return;
    const isJson = bytes[0] === openBrace;
    if (isJson || this.#options.body !== undefined)
      contents.settle(digest, digestOf(bytes, digestAlgorithm(digest)));
    if (!isJson || contents.blobs.isWrong(digest)) return;
    if (sniffManifest(bytes) === undefined) this.#options.json?.(digest, bytes);
    else contents.keep(digest, bytes);
  }

  /** Undefined when the archive ends before: the scan tells it. */
  async #body(entry: TarFound, lengthBytes: number): Promise<Uint8Array | undefined> {
    try {
      const bytes = await this.#source.read(entry.bodyOffset, lengthBytes);
      return bytes.length < lengthBytes ? undefined : bytes;
    } catch (error) {
      if (error instanceof AceError && error.code === "archive") return undefined;
      throw error;
    }
  }

  /** A file of the layout. */
  async file(entry: TarFound, kind: LayoutFile): Promise<void> {
    const { layout } = this.contents;
    if (entry.type !== "file") return;
    const isLast = kind === "index" && layout.hasFirst;
    await layout.take(entry, kind, !isLast || this.#options.lastIndex);
  }

  finish(): void {
    const { contents } = this;
    // Only a compressed stream breaks off for another reason than its end.
    contents.isPacked = this.#source.isPacked() || contents.faults.some(({ fault }) => fault === "stream");
    // What a cut or damaged place took away is not told again.
    if (contents.faults.some(({ fault }) => ["cut", "stream", "header"].includes(fault))) return;
    contents.layout.end();
  }
}
