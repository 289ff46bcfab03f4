/** Lays an archive out: every entry with its place, before a byte of any blob is fetched (compat section 4). */
import { blobEntryName } from "../archive/entry-name.ts";
import { firstIndexJson, type LayoutFacts, lastIndexJson, ociLayoutJson } from "../archive/layout-json.ts";
import { type ArchivedImage, manifestJson } from "../archive/manifest-json.ts";
import { paddingBytes, type TarEntry, tarHeader, tarTrailer } from "../archive/tar-header.ts";
import { type GraphNode, walkGraph } from "../content/walk.ts";
import * as annotationKeys from "../oci/annotations.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type Digest, digestAlgorithm } from "../oci/digest.ts";

/** What goes into an archive. */
export interface ArchiveContent {
  root: GraphNode;
  facts: LayoutFacts;
  /** Blobs the other side has already: left out. Manifests never are. */
  known: ReadonlySet<Digest>;
  /** The images for `manifest.json`; undefined writes none. */
  images: readonly ArchivedImage[] | undefined;
}

/** One piece of the archive, `[offset, offset + bytes)`, in order and without gaps. */
export type ArchivePiece =
  /** Header, small file and padding, or whatever else is known already. `complete` is the descriptor that ends with this piece. */
  | { kind: "bytes"; offset: number; bytes: Uint8Array; complete?: Descriptor }
  /** A blob's body, to be fetched. */
  | { kind: "blob"; offset: number; descriptor: Descriptor; parent: GraphNode };

/** The whole archive in order. Cheap to run twice: once for the size, once for the writing. */
export function* planArchive(content: ArchiveContent): Generator<ArchivePiece, void, undefined> {
  const layout = new Layout();
  yield* layout.file("oci-layout", ociLayoutJson());
  yield* layout.file("index.json", firstIndexJson(content.facts));
  const written: Descriptor[] = [];
  const blobs = new Set<Digest>();
  for (const step of walkGraph(content.root)) {
    if (step.kind === "manifest") {
      const { descriptor, raw } = step.node;
      written.push(descriptor);
      yield* layout.directories(descriptor.digest);
      yield* layout.entry(blobEntryName(descriptor.digest), raw.bytes, rootTagged(content, step.node));
    } else if (!content.known.has(step.descriptor.digest)) {
      blobs.add(step.descriptor.digest);
      yield* layout.directories(step.descriptor.digest);
      yield* layout.blob(step.descriptor, step.parent);
    }
  }
  yield* layout.file("index.json", lastIndexJson(content.facts, written.slice(1)));
  if (content.images !== undefined) {
    yield* layout.file(
      "manifest.json",
      manifestJson(content.images, (digest) => blobs.has(digest)),
    );
  }
  yield layout.trailer();
}

/** The ledger's line for the root carries its tag and nothing else, as the original's does. */
function rootTagged(content: ArchiveContent, node: GraphNode): Descriptor {
  if (node !== content.root) return node.descriptor;
  return { ...node.descriptor, annotations: { [annotationKeys.refName]: content.facts.tag } };
}

/** Hands out places. */
class Layout {
  #offset = 0;
  readonly #algorithms = new Set<string>();

  *file(name: string, text: string): Generator<ArchivePiece, void, undefined> {
    yield* this.entry(name, new TextEncoder().encode(text), undefined);
  }

  *entry(
    name: string,
    body: Uint8Array,
    complete: Descriptor | undefined,
  ): Generator<ArchivePiece, void, undefined> {
    const header = tarHeader({ name, sizeBytes: body.length, kind: "file" });
    const bytes = new Uint8Array(header.length + body.length + paddingBytes(body.length));
    bytes.set(header);
    bytes.set(body, header.length);
    yield this.#place(bytes, complete);
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

  *blob(descriptor: Descriptor, parent: GraphNode): Generator<ArchivePiece, void, undefined> {
    const entry: TarEntry = {
      name: blobEntryName(descriptor.digest),
      sizeBytes: descriptor.size,
      kind: "file",
    };
    yield this.#place(tarHeader(entry), descriptor.size === 0 ? descriptor : undefined);
    if (descriptor.size === 0) return;
    yield { kind: "blob", offset: this.#offset, descriptor, parent };
    this.#offset += descriptor.size;
    yield this.#place(new Uint8Array(paddingBytes(descriptor.size)), descriptor);
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

/** Adds a plan up without writing it. */
export function measureArchive(content: ArchiveContent): ArchiveSize {
  const size: ArchiveSize = { bytes: 0, blobs: 0, blobBytes: 0, manifests: 0, knownBlobs: 0, knownBytes: 0 };
  for (const piece of planArchive(content)) {
    size.bytes += piece.kind === "blob" ? piece.descriptor.size : piece.bytes.length;
    if (piece.kind === "blob") {
      size.blobs++;
      size.blobBytes += piece.descriptor.size;
    }
  }
  for (const step of walkGraph(content.root)) {
    if (step.kind === "manifest") size.manifests++;
    else if (content.known.has(step.descriptor.digest)) {
      size.knownBlobs++;
      size.knownBytes += step.descriptor.size;
    }
  }
  return size;
}
