/** Gives every entry of an archive its place: no gap, no byte counted twice. */
import { blobEntryName } from "../../format/entry-name.ts";
import { paddingBytes, tarHeader, tarTrailer } from "../../format/tar-header.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, digestAlgorithm } from "../../oci/digest.ts";

/** One piece of the archive, `[offset, offset + bytes)`, in order and without gaps. */
export type ArchivePiece =
  /** Header, small file and padding, or whatever else is known already. `complete` is the descriptor that ends with this piece. */
  | { kind: "bytes"; offset: number; bytes: Uint8Array; complete?: Descriptor }
  /** A blob's body, to be fetched. `entry` is the manifest below the root that led to it; the root itself when it is one image. */
  | { kind: "blob"; offset: number; descriptor: Descriptor; entry: Descriptor };

/** Parts of a file go into the window as pieces of this many bytes. */
const pieceBytes = 64 * 1024;

export class ArchiveLayout {
  #offset = 0;
  readonly #algorithms = new Set<string>();

  /** Bytes laid out so far. */
  get offset(): number {
    return this.#offset;
  }

  /** A file whose content is at hand. */
  *file(name: string, body: Uint8Array, complete?: Descriptor): Generator<ArchivePiece, void, undefined> {
    const header = tarHeader({ name, sizeBytes: body.length, kind: "file" });
    const bytes = new Uint8Array(header.length + body.length + paddingBytes(body.length));
    bytes.set(header);
    bytes.set(body, header.length);
    yield this.#place(bytes, complete);
  }

  /** A file whose content comes in parts. @param sizeBytes of all of them */
  *parts(
    name: string,
    sizeBytes: number,
    parts: Iterable<Uint8Array>,
  ): Generator<ArchivePiece, void, undefined> {
    yield this.#place(tarHeader({ name, sizeBytes, kind: "file" }), undefined);
    for (const part of joinSmall(parts)) yield this.#place(part, undefined);
    yield this.#place(new Uint8Array(paddingBytes(sizeBytes)), undefined);
  }

  /** `blobs/` and `blobs/ALGORITHM/`, before the first blob of that algorithm. */
  *directories(digest: Digest): Generator<ArchivePiece, void, undefined> {
    const algorithm = digestAlgorithm(digest);
    if (this.#algorithms.has(algorithm)) return;
    const names = this.#algorithms.size === 0 ? ["blobs", `blobs/${algorithm}`] : [`blobs/${algorithm}`];
    this.#algorithms.add(algorithm);
    for (const name of names)
      yield this.#place(tarHeader({ name, sizeBytes: 0, kind: "directory" }), undefined);
  }

  *manifest(
    descriptor: Descriptor,
    bytes: Uint8Array,
    complete: Descriptor,
  ): Generator<ArchivePiece, void, undefined> {
    yield* this.directories(descriptor.digest);
    yield* this.file(blobEntryName(descriptor.digest), bytes, complete);
  }

  *blob(descriptor: Descriptor, entry: Descriptor): Generator<ArchivePiece, void, undefined> {
    yield* this.directories(descriptor.digest);
    const { size } = descriptor;
    const header = tarHeader({ name: blobEntryName(descriptor.digest), sizeBytes: size, kind: "file" });
    yield this.#place(header, size === 0 ? descriptor : undefined);
    if (size === 0) return;
    yield { kind: "blob", offset: this.#offset, descriptor, entry };
    this.#offset += size;
    yield this.#place(new Uint8Array(paddingBytes(size)), descriptor);
  }

  trailer(): ArchivePiece {
    return this.#place(tarTrailer(), undefined);
  }

  #place(bytes: Uint8Array, complete: Descriptor | undefined): ArchivePiece {
    const offset = this.#offset;
    this.#offset += bytes.length;
    return { kind: "bytes", offset, bytes, ...(complete === undefined ? {} : { complete }) };
  }
}

/** The same bytes in arrays that are worth a piece. Each is good until the next is asked for. */
function* joinSmall(parts: Iterable<Uint8Array>): Generator<Uint8Array, void, undefined> {
  const joined = new Uint8Array(pieceBytes);
  let filled = 0;
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
  yield joined.subarray(0, filled);
}
