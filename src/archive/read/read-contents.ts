/** Goes through an archive once and notes what is in it; bodies are handed on or passed over. */
import { setImmediate } from "node:timers/promises";
import { AceError } from "../../errors.ts";
import type { EntryRole } from "../../format/entry-name.ts";
import {
  checkOciLayout,
  type IndexJson,
  indexJsonLimitBytes,
  parseIndexJson,
} from "../../format/layout-json.ts";
import { parseLoadPaths } from "../../format/load-paths.ts";
import type { TarFound } from "../../format/tar-reader.ts";
import { type Digest, digestAlgorithm, digestOf } from "../../oci/digest.ts";
import { manifestLimitBytes } from "../../oci/manifest.ts";
import { ArchiveContents } from "./archive-contents.ts";
import type { FaultKind } from "./archive-faults.ts";
import type { ArchiveSource } from "./archive-source.ts";
import { type ScanFault, scanArchive } from "./scan-archive.ts";
import { sniffManifest } from "./sniff-manifest.ts";

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

/** Entries looked at before whatever else waits has a turn: some milliseconds. */
const stepsInARow = 1000;

type LayoutFile = "oci-layout" | "index" | "manifest-json";

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
  let steps = 0;
  for await (const step of scanArchive(source)) {
    // What is read from memory or a disk never lets signals and timers have their turn.
    if (++steps % stepsInARow === 0) await setImmediate();
    options.signal.throwIfAborted();
    if (step.kind === "fault") reading.fault(step);
    else if (step.role.kind === "blob") await reading.blob(step.entry, step.role.digest);
    else await reading.file(step.entry, step.role.kind);
    if (step.kind === "entry" && step.role.kind === "other") reading.other(step.entry, step.role.notice);
  }
  reading.finish();
  return reading.contents;
}

class ContentsReading {
  readonly contents: ArchiveContents;
  readonly #source: ArchiveSource;
  readonly #options: ContentsOptions;
  /** Layout files met so far. */
  readonly #met: Record<LayoutFile, number> = { "oci-layout": 0, index: 0, "manifest-json": 0 };

  constructor(source: ArchiveSource, options: ContentsOptions) {
    this.#source = source;
    this.#options = options;
    this.contents = new ArchiveContents(source);
  }

  fault({ fault, offset, message }: ScanFault): void {
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
  async file(entry: TarFound, kind: EntryRole["kind"]): Promise<void> {
    if (entry.type !== "file") return;
    const { contents } = this;
    const { name } = contents;
    if (kind === "oci-layout" && this.#isNew(entry, kind, 1)) {
      await this.#parse(entry, "layout", (bytes) => checkOciLayout(bytes, name));
    }
    if (kind === "index" && this.#isNew(entry, kind, 2)) {
      const isFirst = this.#met.index === 1;
      if (!isFirst && !this.#options.lastIndex) return;
      const index = await this.#parse(entry, "index", (bytes) => parseIndexJson(bytes, name));
      if (isFirst) contents.first = index;
      else this.#takeLast(index, entry);
    }
    if (kind === "manifest-json" && this.#isNew(entry, kind, 1)) {
      const paths = await this.#parse(entry, "manifest-json", (bytes) => parseLoadPaths(bytes, name));
      contents.loadPaths = paths ?? [];
    }
  }

  #takeLast(index: IndexJson | undefined, { headerOffset }: TarFound): void {
    const { contents } = this;
    contents.last = index;
    const { first } = contents;
    if (index === undefined || first === undefined || index.root.digest === first.root.digest) return;
    contents.tell(
      "index",
      `the last index.json begins with ${index.root.digest}, the first with ${first.root.digest}`,
      {
        offset: headerOffset,
      },
    );
  }

  #isNew(entry: TarFound, kind: LayoutFile, most: number): boolean {
    this.#met[kind]++;
    if (this.#met[kind] <= most) return true;
    const often = most === 1 ? "twice" : "more than twice";
    this.contents.tell("duplicate", `${JSON.stringify(entry.name)} stands in the archive ${often}`, {
      offset: entry.headerOffset,
    });
    return false;
  }

  async #parse<Result>(
    entry: TarFound,
    fault: FaultKind,
    parse: (bytes: Uint8Array) => Result,
  ): Promise<Result | undefined> {
    const offset = entry.headerOffset;
    if (entry.sizeBytes > indexJsonLimitBytes) {
      const message = `${JSON.stringify(entry.name)} claims ${entry.sizeBytes} bytes, more than ${indexJsonLimitBytes} are not read`;
      this.contents.tell(fault, message, { offset });
      return undefined;
    }
    const bytes = await this.#body(entry, entry.sizeBytes);
    if (bytes === undefined) return undefined;
    try {
      return parse(bytes);
    } catch (error) {
      if (!(error instanceof AceError)) throw error;
      this.contents.tell(fault, error.message, { offset });
      return undefined;
    }
  }

  finish(): void {
    const { contents } = this;
    // Only a compressed stream breaks off for another reason than its end.
    contents.isPacked = this.#source.isPacked() || contents.faults.some(({ fault }) => fault === "stream");
    // What a cut or damaged place took away is not told again.
    if (contents.faults.some(({ fault }) => ["cut", "stream", "header"].includes(fault))) return;
    if (this.#met["oci-layout"] === 0)
      contents.tell("layout", "it has no oci-layout, as every OCI archive has");
    if (this.#met.index === 0) contents.tell("index", "it has no index.json, so it is no OCI archive");
  }
}
