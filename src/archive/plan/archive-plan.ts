/**
 * The address space of an archive: what each of its bytes is, known before a byte of any blob is fetched.
 *
 *     oci-layout | index.json: the root | blobs/ and the root's manifest | entries, a row each | index.json: all manifests | manifest.json? | end
 *
 * A row is a tar entry with its header and padding: a manifest before what it names, each digest once. Rows and the checkpoint's
 * lines have the same numbers, from 0 for the root.
 */
import { blobEntryName } from "../../format/entry-name.ts";
import {
  firstIndexJson,
  indexJsonElement,
  indexJsonFrame,
  type LayoutFacts,
  ociLayoutJson,
} from "../../format/layout-json.ts";
import { headerBytes, paddingBytes, tarBlockBytes, tarHeader, tarTrailer } from "../../format/tar-header.ts";
import * as annotationKeys from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { countWhile, type EntryTable } from "./entry-table.ts";

/** One piece of the archive, `[offset, offset + bytes)`, in order and without gaps. */
export type ArchivePiece =
  /** Header, small file and padding, or whatever else is known already. `line`: of the checkpoint, due when this piece is written. */
  | { kind: "bytes"; offset: number; bytes: Uint8Array; line?: number }
  /** A blob's body, to be fetched. `entry` is the manifest below the root that led to it; the root itself when it is one image. */
  | { kind: "blob"; offset: number; descriptor: Descriptor; entry: Descriptor };

/** Where a piece ends. */
export function pieceEnd(piece: ArchivePiece): number {
  return piece.offset + (piece.kind === "blob" ? piece.descriptor.size : piece.bytes.length);
}

/** What a plan comes to. */
export interface ArchiveSize {
  /** Of the whole archive. */
  bytes: number;
  /** Blobs to fetch, and their bytes. */
  blobs: number;
  blobBytes: number;
  manifests: number;
  /** Blobs left out because the other side has them, and their bytes. */
  knownBlobs: number;
  knownBytes: number;
}

/** What a plan is made of. */
export interface PlannedArchive {
  /** Its root's. */
  tag: string;
  /** Sources that the root stands for; a plain image is one. */
  imageCount: number;
  facts: LayoutFacts;
  rootBytes: Uint8Array;
  /** Closed by the plan. */
  entries: EntryTable;
  /** Of all that the last index.json says of manifests behind the root. */
  elementBytes: number;
  /** Makes the content of manifest.json; undefined when there is none. */
  loads: (() => string) | undefined;
  size: Omit<ArchiveSize, "bytes">;
}

/** Parts of a file go into the window as pieces of this many bytes. */
const pieceBytes = 64 * 1024;

const utf8 = new TextEncoder();

export class ArchivePlan {
  readonly tag: string;
  readonly imageCount: number;
  readonly size: ArchiveSize;
  readonly #plan: PlannedArchive;
  readonly #rows: EntryTable;

  constructor(plan: PlannedArchive) {
    const { facts, rootBytes, entries } = plan;
    this.#plan = plan;
    this.#rows = entries;
    this.tag = plan.tag;
    this.imageCount = plan.imageCount;
    const front = this.#front().reduce((sum, file) => sum + file.length, 0);
    entries.close(facts.root, rootBytes, front, tarBlockBytes);
    const { before, after } = this.#indexFrame();
    const loads = plan.loads === undefined ? 0 : fileBytes("manifest.json", utf8.encode(plan.loads()).length);
    const index = fileBytes("index.json", before.length + plan.elementBytes + after.length);
    const bytes = entries.endOf(entries.rows - 1) + index + loads + tarTrailer().length;
    this.size = { ...plan.size, bytes };
  }

  /** The archive in order from the piece on that an offset is in; as often as wanted. The bytes of a piece are good until the next is asked for. */
  *pieces(from = 0): Generator<ArchivePiece, void, undefined> {
    for (const piece of this.#piecesAround(from)) if (pieceEnd(piece) > from || from === 0) yield piece;
  }

  /** What the checkpoint has a line for, and where it ends. */
  lineAt(row: number): { descriptor: Descriptor; end: number } {
    // The root's carries its tag and nothing else, as the original's does.
    const descriptor =
      row > 0
        ? this.#rows.descriptorAt(row)
        : { ...this.#plan.facts.root, annotations: { [annotationKeys.refName]: this.tag } };
    return { descriptor, end: this.#rows.endOf(row) };
  }

  /** Lines of a whole checkpoint. */
  get lines(): number {
    return this.#rows.rows;
  }

  /** How many lines come before the first one for whose end something is true; it is true for all behind that, too. */
  linesBefore(isBehind: (end: number) => boolean): number {
    return countWhile(this.lines, (line) => !isBehind(this.#rows.endOf(line)));
  }

  *#piecesAround(from: number): Generator<ArchivePiece, void, undefined> {
    const rows = this.#rows;
    const first = this.linesBefore((end) => end > from);
    if (first === 0) {
      let offset = 0;
      for (const bytes of this.#front()) {
        yield { kind: "bytes", offset, bytes };
        offset += bytes.length;
      }
    }
    for (let row = first; row < rows.rows; ) {
      const image = rows.imageOf(row);
      const entry = image < 0 ? this.#plan.facts.root : rows.imageAt(image);
      for (const end = rows.endOfImage(image); row < end; row++) yield* this.#row(row, entry);
    }
    yield* this.#end();
  }

  /** `oci-layout` and the first `index.json`, which names the root. */
  #front(): Uint8Array[] {
    const { facts } = this.#plan;
    return [
      file("oci-layout", utf8.encode(ociLayoutJson())),
      file("index.json", utf8.encode(firstIndexJson(facts))),
    ];
  }

  *#row(row: number, entry: Descriptor): Generator<ArchivePiece, void, undefined> {
    let offset = this.#rows.startOf(row);
    for (const name of this.#rows.directoriesOf(row)) {
      yield { kind: "bytes", offset, bytes: tarHeader({ name, sizeBytes: 0, kind: "directory" }) };
      offset += tarBlockBytes;
    }
    const { digest, mediaType, size, isManifest } = this.#rows.entryAt(row);
    const name = blobEntryName(digest);
    if (isManifest) {
      yield { kind: "bytes", offset, bytes: file(name, this.#rows.manifestAt(row)), line: row };
      return;
    }
    const header = tarHeader({ name, sizeBytes: size, kind: "file" });
    yield { kind: "bytes", offset, bytes: header, ...(size === 0 ? { line: row } : {}) };
    if (size === 0) return;
    offset += header.length;
    yield { kind: "blob", offset, descriptor: { mediaType, digest, size }, entry };
    yield { kind: "bytes", offset: offset + size, bytes: new Uint8Array(paddingBytes(size)), line: row };
  }

  *#end(): Generator<ArchivePiece, void, undefined> {
    const { elementBytes, loads } = this.#plan;
    const { before, after } = this.#indexFrame();
    const sizeBytes = before.length + elementBytes + after.length;
    let offset = this.#rows.endOf(this.lines - 1);
    const elements = this.#elements();
    const parts = function* (): Generator<Uint8Array, void, undefined> {
      yield tarHeader({ name: "index.json", sizeBytes, kind: "file" });
      yield* joinSmall([before], elements, [after]);
      yield new Uint8Array(paddingBytes(sizeBytes));
      if (loads !== undefined) yield file("manifest.json", utf8.encode(loads()));
      yield tarTrailer();
    };
    for (const bytes of parts()) {
      yield { kind: "bytes", offset, bytes };
      offset += bytes.length;
    }
  }

  /** What the last index.json says of each manifest behind the root. */
  *#elements(): Generator<Uint8Array, void, undefined> {
    for (let row = 1; row < this.lines; row++) {
      if (this.#rows.entryAt(row).isManifest)
        yield utf8.encode(indexJsonElement(this.#rows.descriptorAt(row)));
    }
  }

  #indexFrame(): { before: Uint8Array; after: Uint8Array } {
    const { before, after } = indexJsonFrame(this.#plan.facts);
    return { before: utf8.encode(before), after: utf8.encode(after) };
  }
}

/** A file whose content is at hand, with header and padding. */
function file(name: string, body: Uint8Array): Uint8Array {
  const header = tarHeader({ name, sizeBytes: body.length, kind: "file" });
  const bytes = new Uint8Array(header.length + body.length + paddingBytes(body.length));
  bytes.set(header);
  bytes.set(body, header.length);
  return bytes;
}

/** How many bytes that takes. */
function fileBytes(name: string, sizeBytes: number): number {
  return headerBytes({ name, sizeBytes, kind: "file" }) + sizeBytes + paddingBytes(sizeBytes);
}

/** The same bytes in arrays that are worth a piece. Each is good until the next is asked for. */
function* joinSmall(...lists: Iterable<Uint8Array>[]): Generator<Uint8Array, void, undefined> {
  const joined = new Uint8Array(pieceBytes);
  let filled = 0;
  for (const parts of lists) {
    for (const part of parts) {
      if (filled + part.length > joined.length) {
        yield joined.subarray(0, filled);
        filled = 0;
      }
      if (part.length > joined.length) yield part;
      else {
        joined.set(part, filled);
        filled += part.length;
      }
    }
  }
  yield joined.subarray(0, filled);
}
