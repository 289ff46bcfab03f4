/** Finds the entries of a tar, whoever brings the bytes: it says which bytes it wants next, and never sees a body. */
import { AceError } from "../errors.ts";
import { type PaxFields, parsePaxRecords } from "./pax-records.ts";
import { parseTarHeader, type TarBlock, type TarPosition, tarError } from "./tar-block.ts";
import { paddingBytes, tarBlockBytes } from "./tar-header.ts";

/** Long names and pax records larger than this are refused (archive/tar `maxSpecialFileSize`). Bytes. */
export const extensionLimitBytes = 1024 * 1024;

/** A file, directory or anything else, with its place in the archive. All numbers are bytes from the archive's start. */
export interface TarFound {
  kind: "entry";
  /** As it stands in the archive, `./` and all: see `classifyEntry`. */
  name: string;
  type: "file" | "directory" | "link" | "other";
  /** Length of the body; 0 for whatever has none. */
  sizeBytes: number;
  /** Where its first header block is, extensions included. */
  headerOffset: number;
  bodyOffset: number;
  /** After the body's padding: where the next header is. */
  nextOffset: number;
}

/** What one push found: an entry, a piece of a longer header (go on), or the end marker. */
export type TarStep =
  | TarFound
  | { kind: "extension" }
  | {
      kind: "end";
      /** After the end marker; only zeros may follow (`checkZeroTail`). */
      offset: number;
      /** Half of the end marker is missing, which harms nothing. */
      halfMarker: boolean;
    };

/** The bytes that a {@link TarScanner} wants next. */
export interface TarWant {
  offset: number;
  lengthBytes: number;
}

/** How to name the archive, and where to begin. */
export interface TarScannerOptions {
  archive: string;
  /** Where the first header is, for going on behind a damaged place; 0 when left out. */
  startOffset?: number | undefined;
}

interface Extension {
  header: TarBlock;
  bodyOffset: number;
}

/**
 * The state machine. Give it exactly the bytes at `want` with `push`, again and again, until a step of kind `end`.
 * When the source has no such bytes, call `endOfInput`, which knows what that means here.
 */
export class TarScanner {
  readonly #archive: string;
  #want: TarWant;
  #state: "header" | "extension" | "half-marker" | "end" = "header";
  #extension: Extension | undefined;
  /** Where the headers of the entry in progress began; undefined between entries. */
  #headerOffset: number | undefined;
  #longName: string | undefined;
  #global: PaxFields = {};
  #local: PaxFields = {};
  #last: TarFound | undefined;

  constructor(options: TarScannerOptions) {
    this.#archive = options.archive;
    this.#want = { offset: options.startOffset ?? 0, lengthBytes: tarBlockBytes };
  }

  /** Which bytes to push next; after the end marker a length of 0. */
  get want(): TarWant {
    return this.#want;
  }

  /**
   * Takes the wanted bytes. They are the caller's again on return.
   * @throws AceError `archive` naming the byte where the archive is wrong
   */
  push(bytes: Uint8Array): TarStep {
    if (this.#state === "end" || bytes.length !== this.#want.lengthBytes) {
      throw new AceError(
        "internal",
        `Cannot scan archive: got ${bytes.length} bytes, want ${this.#want.lengthBytes}`,
      );
    }
    if (this.#state === "extension") return this.#takeExtension(bytes);
    const at = this.#at(this.#want.offset);
    const header = parseTarHeader(bytes, at);
    if (this.#state === "half-marker") {
      if (header !== undefined) throw tarError(at, "something follows half an end marker", damagedHint);
      return this.#end(at.offset + tarBlockBytes, false);
    }
    if (header === undefined) return this.#takeZeroBlock(at);
    this.#headerOffset ??= at.offset;
    return isExtension(header) ? this.#startExtension(header, at) : this.#takeEntry(header, at);
  }

  /**
   * Tells that the source ends after `totalBytes`, before all that `want` asks for.
   * @returns the end, when only the second half of the end marker is missing or the end was reached before
   * @throws AceError `archive`: empty, cut in a body or header, or without its end marker
   */
  endOfInput(totalBytes: number): TarStep {
    if (this.#state === "end") return { kind: "end", offset: this.#want.offset, halfMarker: false };
    if (this.#state === "half-marker" && totalBytes === this.#want.offset) return this.#end(totalBytes, true);
    const at = this.#at(totalBytes);
    if (totalBytes === 0) throw tarError(at, "it is empty");
    if (totalBytes < this.#want.offset && this.#last !== undefined) {
      const { name, bodyOffset, sizeBytes } = this.#last;
      throw tarError(
        at,
        `the archive ends in the middle of entry ${JSON.stringify(name)}, which goes on to byte ${bodyOffset + sizeBytes}: it is incomplete`,
        incompleteHint,
      );
    }
    if (totalBytes === this.#want.offset && this.#headerOffset === undefined) {
      throw tarError(
        at,
        `the archive ends at byte ${totalBytes} without its end marker: it is incomplete`,
        incompleteHint,
      );
    }
    throw tarError(at, "the archive ends in the middle of a header: it is incomplete", incompleteHint);
  }

  #at(offset: number): TarPosition {
    return { archive: this.#archive, offset };
  }

  #end(offset: number, halfMarker: boolean): TarStep {
    this.#state = "end";
    this.#want = { offset, lengthBytes: 0 };
    return { kind: "end", offset, halfMarker };
  }

  #takeZeroBlock(at: TarPosition): TarStep {
    if (this.#headerOffset !== undefined) {
      throw tarError(at, "a long name or pax header has no entry behind it", damagedHint);
    }
    this.#state = "half-marker";
    this.#want = { offset: at.offset + tarBlockBytes, lengthBytes: tarBlockBytes };
    return { kind: "extension" };
  }

  #startExtension(header: TarBlock, at: TarPosition): TarStep {
    if (header.sizeBytes > extensionLimitBytes) {
      throw tarError(
        at,
        `a header extension claims ${header.sizeBytes} bytes, more than ${extensionLimitBytes} are not read`,
        damagedHint,
      );
    }
    const bodyOffset = at.offset + tarBlockBytes;
    this.#extension = { header, bodyOffset };
    this.#state = "extension";
    this.#want = { offset: bodyOffset, lengthBytes: header.sizeBytes + paddingBytes(header.sizeBytes) };
    // An empty one has no body to wait for.
    return header.sizeBytes === 0 ? this.#takeExtension(new Uint8Array(0)) : { kind: "extension" };
  }

  #takeExtension(bytes: Uint8Array): TarStep {
    const extension = this.#extension;
    if (extension === undefined) throw new AceError("internal", "Cannot scan archive: no extension is open");
    const { header, bodyOffset } = extension;
    const body = bytes.subarray(0, header.sizeBytes);
    const at = this.#at(bodyOffset);
    if (header.typeflag === "L") this.#longName = untilNul(body);
    if (header.typeflag === "x" || header.typeflag === "X") this.#local = parsePaxRecords(body, at);
    if (header.typeflag === "g") {
      this.#global = { ...this.#global, ...parsePaxRecords(body, at) };
      // A global header belongs to no entry: an archive may end after it.
      if (this.#headerOffset === bodyOffset - tarBlockBytes) this.#headerOffset = undefined;
    }
    this.#extension = undefined;
    this.#state = "header";
    this.#want = { offset: bodyOffset + bytes.length, lengthBytes: tarBlockBytes };
    return { kind: "extension" };
  }

  #takeEntry(header: TarBlock, at: TarPosition): TarFound {
    const pax = { ...this.#global, ...this.#local };
    const name = pax.path ?? this.#longName ?? header.name;
    const type = entryType(header.typeflag, name);
    // archive/tar `isHeaderOnly`: links and devices have no body, whatever their size field says.
    const bodiless = /[1-6]/.test(header.typeflag);
    const sizeBytes = bodiless ? 0 : (pax.sizeBytes ?? header.sizeBytes);
    const bodyOffset = at.offset + tarBlockBytes;
    const nextOffset = bodyOffset + sizeBytes + paddingBytes(sizeBytes);
    if (!Number.isSafeInteger(nextOffset)) {
      throw tarError(
        this.#at(bodyOffset - tarBlockBytes),
        `entry ${JSON.stringify(name)} claims a size beyond what is possible (${sizeBytes} bytes)`,
        damagedHint,
      );
    }
    const headerOffset = this.#headerOffset ?? at.offset;
    this.#headerOffset = undefined;
    this.#longName = undefined;
    this.#local = {};
    this.#want = { offset: nextOffset, lengthBytes: tarBlockBytes };
    this.#last = { kind: "entry", name, type, sizeBytes, headerOffset, bodyOffset, nextOffset };
    return this.#last;
  }
}

const damagedHint = "The archive is damaged here: copy it again.";
const incompleteHint = "Copy it again, or finish writing it: everything before this byte is good.";

/** GNU `L` and `K` (long name, long link), pax `x` and `g`, Solaris `X`. */
function isExtension(header: TarBlock): boolean {
  return /[LKxgX]/.test(header.typeflag);
}

/** V7 tars mark a directory by a slash at the end of its name. */
function entryType(typeflag: string, name: string): TarFound["type"] {
  if (typeflag === "5") return "directory";
  if (typeflag === "0" || typeflag === "7") return name.endsWith("/") ? "directory" : "file";
  return typeflag === "1" || typeflag === "2" ? "link" : "other";
}

function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
