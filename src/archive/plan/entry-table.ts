/** What lies behind the front of an archive, a row an entry: numbers in typed arrays, and what cannot be a number packed away. */
import { DigestTable } from "../../collections/digest-table.ts";
import { PackedLog } from "../../collections/packed-log.ts";
import { blobEntryName } from "../../format/entry-name.ts";
import { headerBytes, paddingBytes } from "../../format/tar-header.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, digestAlgorithm } from "../../oci/digest.ts";

/** A manifest or a blob of an archive. */
export interface PlannedEntry {
  digest: Digest;
  mediaType: string;
  /** Bytes of its body. */
  size: number;
  /** A manifest's bytes are at hand. */
  isManifest: boolean;
}

const kinds = { blob: 0, manifest: 1 } as const;

/**
 * Some 30 bytes an entry, besides its digest. Row 0 is kept for the archive's root, which is known last; the others come in the
 * archive's order. What is seen and not in the archive has a number among the digests, and no row.
 */
export class EntryTable {
  /** All digests that were looked at, by number. */
  readonly digests = new DigestTable();
  #rows = 1;
  /** Of all rows, and one more: where the next one would begin. */
  #starts = new Float64Array(64);
  #sizes = new Float64Array(64);
  #kinds = new Uint8Array(64);
  /** Of the digests. */
  #numbers = new Uint32Array(64);
  #mediaTypes = new Uint32Array(64);
  /** Number of the record that holds the whole descriptor, and one more; 0 when there is nothing in it that has no column. */
  #descriptors = new Uint32Array(64);
  readonly #typeNames: string[] = [];
  readonly #typeNumbers = new Map<string, number>();
  /** Descriptors; behind a manifest's the manifest. */
  readonly #records = new Records();
  /** The manifests directly below the root that have entries, in order: the first row of each, and the record of its descriptor. */
  #images = 0;
  #imageRows = new Uint32Array(64);
  #imageRecords = new Uint32Array(64);
  /** The first row of each algorithm but the root's: its directory comes before it. */
  readonly #firstOf = new Map<string, number>();

  /** Rows, the root's among them. */
  get rows(): number {
    return this.#rows;
  }

  /** What is added from now on belongs to this manifest below the root, which has its row elsewhere. */
  beginImage(descriptor: Descriptor): void {
    this.#begin(this.#records.append(encode(descriptor)));
  }

  /** Adds a manifest. @param isImage directly below the root: what follows belongs to it */
  addManifest(descriptor: Descriptor, bytes: Uint8Array, isImage: boolean): void {
    const record = this.#keep(descriptor, bytes);
    if (isImage) this.#begin(record);
    this.#add(kinds.manifest, descriptor, record + 1);
  }

  addBlob(descriptor: Descriptor): void {
    const { mediaType, digest, size, ...more } = descriptor;
    const isPlain = Object.values(more).every((value) => value === undefined);
    this.#add(kinds.blob, descriptor, isPlain ? 0 : this.#records.append(encode(descriptor)) + 1);
  }

  /** Puts the root into its row, and gives every row its place. Nothing can be added afterwards. */
  close(root: Descriptor, rootBytes: Uint8Array, frontBytes: number, directoryBytes: number): void {
    this.#set(0, kinds.manifest, root, this.#keep(root, rootBytes) + 1);
    this.#firstOf.delete(digestAlgorithm(root.digest));
    const firsts = new Set(this.#firstOf.values());
    let shift = frontBytes + 2 * directoryBytes + entryBytes(root);
    for (let row = 1; row <= this.#rows; row++) {
      this.#starts[row] = (this.#starts[row] ?? 0) + shift;
      if (firsts.has(row)) shift += directoryBytes;
    }
    this.#starts[0] = frontBytes;
    this.#resize(this.#rows + 1);
  }

  /** Where what belongs to a row begins: its header, and before that those of its directories. */
  startOf(row: number): number {
    return this.#starts[row] ?? 0;
  }

  /** Where it ends, padding and all. */
  endOf(row: number): number {
    return this.#starts[row + 1] ?? 0;
  }

  /** Directories that come before a row's own header. */
  directoriesOf(row: number): readonly string[] {
    if (row === 0) return ["blobs", `blobs/${digestAlgorithm(this.entryAt(0).digest)}`];
    for (const [algorithm, first] of this.#firstOf) if (first === row) return [`blobs/${algorithm}`];
    return [];
  }

  entryAt(row: number): PlannedEntry {
    return {
      digest: this.digests.digestAt(this.#numbers[row] ?? 0),
      mediaType: this.#typeNames[this.#mediaTypes[row] ?? 0] ?? "",
      size: this.#sizes[row] ?? 0,
      isManifest: this.#kinds[row] === kinds.manifest,
    };
  }

  /** The bytes of a manifest, good until the next call. */
  manifestAt(row: number): Uint8Array {
    return this.#records.at(this.#descriptors[row] ?? 0);
  }

  /** All that is said of an entry by what led to it. */
  descriptorAt(row: number): Descriptor {
    const record = this.#descriptors[row] ?? 0;
    if (record > 0) return this.#descriptor(record - 1);
    const { mediaType, digest, size } = this.entryAt(row);
    return { mediaType, digest, size };
  }

  /** Which manifest below the root led to an entry, by number; -1 for the root. */
  imageOf(row: number): number {
    return countWhile(this.#images, (image) => (this.#imageRows[image] ?? 0) <= row) - 1;
  }

  /** The descriptor of an image. */
  imageAt(image: number): Descriptor {
    return this.#descriptor(this.#imageRecords[image] ?? 0);
  }

  /** The row behind the last one of an image. */
  endOfImage(image: number): number {
    return image + 1 < this.#images ? (this.#imageRows[image + 1] ?? 0) : this.#rows;
  }

  #begin(record: number): void {
    if (this.#images === this.#imageRows.length) {
      this.#imageRows = moved(this.#imageRows, new Uint32Array(Math.ceil(this.#images * growth)));
      this.#imageRecords = moved(this.#imageRecords, new Uint32Array(this.#imageRows.length));
    }
    this.#imageRows[this.#images] = this.#rows;
    this.#imageRecords[this.#images++] = record;
  }

  #add(kind: number, descriptor: Descriptor, record: number): void {
    const row = this.#rows++;
    if (this.#rows >= this.#sizes.length) this.#resize(Math.ceil(this.#sizes.length * growth));
    this.#set(row, kind, descriptor, record);
    this.#starts[row + 1] = (this.#starts[row] ?? 0) + entryBytes(descriptor);
    const algorithm = digestAlgorithm(descriptor.digest);
    if (!this.#firstOf.has(algorithm)) this.#firstOf.set(algorithm, row);
  }

  #set(row: number, kind: number, { digest, mediaType, size }: Descriptor, record: number): void {
    this.#sizes[row] = size;
    this.#kinds[row] = kind;
    this.#numbers[row] = this.digests.add(digest);
    this.#mediaTypes[row] = this.#typeNumber(mediaType);
    this.#descriptors[row] = record;
  }

  #keep(descriptor: Descriptor, bytes: Uint8Array): number {
    const record = this.#records.append(encode(descriptor));
    this.#records.append(bytes);
    return record;
  }

  /** Written by this table, from a descriptor that was checked when it came in. */
  #descriptor(record: number): Descriptor {
    return JSON.parse(new TextDecoder().decode(this.#records.at(record))) as Descriptor;
  }

  #typeNumber(name: string): number {
    const known = this.#typeNumbers.get(name);
    if (known !== undefined) return known;
    this.#typeNumbers.set(name, this.#typeNames.length);
    return this.#typeNames.push(name) - 1;
  }

  #resize(rows: number): void {
    this.#starts = moved(this.#starts, new Float64Array(rows));
    this.#sizes = moved(this.#sizes, new Float64Array(rows));
    this.#kinds = moved(this.#kinds, new Uint8Array(rows));
    this.#numbers = moved(this.#numbers, new Uint32Array(rows));
    this.#mediaTypes = moved(this.#mediaTypes, new Uint32Array(rows));
    this.#descriptors = moved(this.#descriptors, new Uint32Array(rows));
  }
}

/** Byte strings by number, compressed. */
class Records {
  readonly #log = new PackedLog();
  /** Chunk, start and end of each. */
  #places = new Uint32Array(3 * 64);
  #count = 0;

  append(bytes: Uint8Array): number {
    const { chunk, start, end } = this.#log.append(bytes);
    if (3 * this.#count === this.#places.length)
      this.#places = moved(this.#places, new Uint32Array(3 * Math.ceil(this.#count * growth)));
    this.#places.set([chunk, start, end], 3 * this.#count);
    return this.#count++;
  }

  /** Good until the next call; quick for neighbours. */
  at(number: number): Uint8Array {
    const [chunk = 0, start = 0, end = 0] = this.#places.subarray(3 * number, 3 * number + 3);
    return this.#log.at({ chunk, start, end });
  }
}

/** How many times as long a full array becomes. */
const growth = 1.5;

function moved<Numbers extends Float64Array | Uint32Array | Uint8Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from.subarray(0, to.length));
  return to;
}

/** How many of the numbers from 0 on something is true for, when it is for none behind the first one that it is not true for. */
export function countWhile(most: number, isTrue: (number: number) => boolean): number {
  let low = 0;
  let high = most;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isTrue(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Of header, body and padding. */
function entryBytes({ digest, size }: Descriptor): number {
  const header = headerBytes({ name: blobEntryName(digest), sizeBytes: size, kind: "file" });
  return header + size + paddingBytes(size);
}

const utf8 = new TextEncoder();

function encode(descriptor: Descriptor): Uint8Array {
  return utf8.encode(JSON.stringify(descriptor));
}
