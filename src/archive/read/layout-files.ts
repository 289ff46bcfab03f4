/** The files of the layout inside an archive: which there must be, how often, and that the two index.json are about the same. */
import { AceError, cannotRead } from "../../errors.ts";
import {
  checkOciLayout,
  type IndexJson,
  indexJsonLimitBytes,
  parseIndexJson,
} from "../../format/layout-json.ts";
import { parseLoadPaths } from "../../format/load-paths.ts";
import type { TarFound } from "../../format/tar-reader.ts";
import type { FaultKind } from "./archive-faults.ts";
import type { FoundFault } from "./walk-archive.ts";

/** A file of the layout, as `classifyEntry` calls it. */
export type LayoutFile = "oci-layout" | "index" | "manifest-json";

/** Who reads, and who hears what is wrong: whoever goes no further throws the fault's error. */
export interface LayoutReader {
  /** The body; undefined when the archive ends before it does, which the walk tells. */
  read(entry: TarFound): Promise<Uint8Array | undefined>;
  tell(fault: FoundFault): void;
}

/** How often each may stand in an archive: an archive of ours begins and ends with an index.json. */
const most: Readonly<Record<LayoutFile, number>> = { "oci-layout": 1, index: 2, "manifest-json": 1 };

export class LayoutFiles {
  /** The first index.json, which names the root; and the second one, which names every manifest, where there is one. */
  first: IndexJson | undefined;
  last: IndexJson | undefined;
  /** What manifest.json names. */
  loadPaths: readonly string[] = [];
  readonly #archive: string;
  readonly #reader: LayoutReader;
  readonly #met: Record<LayoutFile, number> = { "oci-layout": 0, index: 0, "manifest-json": 0 };

  constructor(archive: string, reader: LayoutReader) {
    this.#archive = archive;
    this.#reader = reader;
  }

  /** True when an index.json has been, whether or not it could be read. */
  get hasFirst(): boolean {
    return this.#met.index > 0;
  }

  /** @param reads false only counts it */
  async take(entry: TarFound, kind: LayoutFile, reads = true): Promise<void> {
    if (++this.#met[kind] > most[kind]) {
      const often = most[kind] === 1 ? "twice" : "more than twice";
      this.#tell("duplicate", `${JSON.stringify(entry.name)} stands in the archive ${often}`, entry);
      return;
    }
    if (!reads) return;
    if (kind === "oci-layout")
      await this.#parse(entry, "layout", (bytes) => checkOciLayout(bytes, this.#archive));
    else if (kind === "manifest-json") {
      const paths = await this.#parse(entry, kind, (bytes) => parseLoadPaths(bytes, this.#archive));
      this.loadPaths = paths ?? [];
    } else {
      const index = await this.#parse(entry, kind, (bytes) => parseIndexJson(bytes, this.#archive));
      if (this.#met.index === 1) this.first = index;
      else this.#takeLast(index, entry);
    }
  }

  /** At the archive's end. */
  end(): void {
    if (this.#met.index === 0) this.#tell("index", "it has no index.json, so it is no OCI archive");
    if (this.#met["oci-layout"] === 0) this.#tell("layout", "it has no oci-layout, as every OCI archive has");
  }

  #takeLast(index: IndexJson | undefined, entry: TarFound): void {
    this.last = index;
    if (index === undefined || this.first === undefined) return;
    const [first, last] = [this.first.root.digest, index.root.digest];
    if (first !== last)
      this.#tell("index", `the last index.json begins with ${last}, the first with ${first}`, entry);
  }

  async #parse<Result>(
    entry: TarFound,
    fault: FaultKind,
    parse: (bytes: Uint8Array) => Result,
  ): Promise<Result | undefined> {
    const { name, sizeBytes } = entry;
    if (sizeBytes > indexJsonLimitBytes) {
      const limit = `more than ${indexJsonLimitBytes} are not read`;
      this.#tell(fault, `${JSON.stringify(name)} claims ${sizeBytes} bytes, ${limit}`, entry);
      return undefined;
    }
    const bytes = await this.#reader.read(entry);
    if (bytes === undefined) return undefined;
    try {
      return parse(bytes);
    } catch (error) {
      if (!(error instanceof AceError)) throw error;
      this.#reader.tell({ fault, offset: entry.headerOffset, message: error.message, error });
      return undefined;
    }
  }

  #tell(fault: FaultKind, message: string, entry?: TarFound): void {
    const error = cannotRead("archive", `archive ${JSON.stringify(this.#archive)}`, message, {
      hint: "The archive is damaged, or no tool for OCI images wrote it.",
    });
    this.#reader.tell({ fault, offset: entry?.headerOffset, message, error });
  }
}
