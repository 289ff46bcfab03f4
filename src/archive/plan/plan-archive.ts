/** Plans the archive of a graph, before a byte of any blob is fetched. */
import type { GraphStream } from "../../content/stream-graph.ts";
import { type GraphNode, type SeenDigests, walkGraph } from "../../content/walk.ts";
import { AceError } from "../../errors.ts";
import { indexJsonElement, type LayoutFacts } from "../../format/layout-json.ts";
import { LoadList } from "../../format/manifest-json.ts";
import { archivedImages } from "../../gather/gather-index.ts";
import * as annotationKeys from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, digestAlgorithm, digestOf } from "../../oci/digest.ts";
import { ArchivePlan, type ArchiveSize } from "./archive-plan.ts";
import { EntryTable } from "./entry-table.ts";

/** What goes into an archive. */
export interface ArchiveContent {
  /** Its root's tag. */
  tag: string;
  toolVersion: string;
  /** Blobs the other side has already: left out. Manifests never are. */
  known: { has(digest: Digest): boolean };
  /** The reference that `manifest.json` gives to a root that is an image itself; undefined writes no such file. */
  loadAs: string | undefined;
}

/**
 * Reads a graph to its end and plans the archive of it. Nothing of the graph is kept but a table and its compressed manifests.
 * @param open opens the graph; manifests for which `skip` is true need not be read
 * @throws AceError what reading the graph throws; `digest` for an empty blob that has another digest than that of nothing
 */
export async function planArchive(
  open: (skip: (digest: Digest) => boolean) => Promise<GraphStream>,
  content: ArchiveContent,
): Promise<ArchivePlan> {
  const planning = new Planning(content);
  // With manifest.json each entry is looked at: it may give another name to the same image.
  const graph = await open(content.loadAs === undefined ? (digest) => planning.has(digest) : () => false);
  for await (const child of graph.children) planning.add(child, true);
  planning.addBlobs(graph.root);
  for await (const referrer of graph.referrers) planning.add(referrer, false);
  return planning.close(graph.root, graph.childCount);
}

/**
 * A plan in the making. What is below the root is added first, in order, the root last: one that is made up for the archive says how
 * large the rest is.
 */
export class Planning {
  readonly #content: ArchiveContent;
  readonly #entries = new EntryTable();
  readonly #seen: SeenDigests;
  readonly #loads: LoadList | undefined;
  #elementBytes = 0;
  readonly #size: Omit<ArchiveSize, "bytes"> = {
    blobs: 0,
    blobBytes: 0,
    manifests: 0,
    knownBlobs: 0,
    knownBytes: 0,
  };

  constructor(content: ArchiveContent) {
    const { digests } = this.#entries;
    this.#content = content;
    this.#seen = { has: (digest) => this.has(digest), add: (digest) => digests.add(digest) };
    this.#loads = content.loadAs === undefined ? undefined : new LoadList();
  }

  /** True for what is in the plan already, known blobs too. */
  has(digest: Digest): boolean {
    return this.#entries.digests.numberOf(digest) !== undefined;
  }

  /** Takes the next graph below the root. @param isImage named by the root, and not something that refers to it */
  add(node: GraphNode, isImage: boolean): void {
    let begun = !isImage;
    for (const step of walkGraph(node, this.#seen)) {
      const isOwn = step.kind === "manifest" && step.node === node;
      // Its manifest is in the archive already, under another image; what follows is its own all the same.
      if (!begun && !isOwn) this.#entries.beginImage(node.descriptor);
      begun = true;
      if (step.kind === "blob") this.#addBlob(step.descriptor);
      else this.#addManifest(step.node, isImage && isOwn);
    }
    if (isImage) this.#addLoads(node);
  }

  /** Takes the blobs directly below the root. */
  addBlobs(root: GraphNode): void {
    for (const blob of root.blobs) {
      if (this.has(blob.digest)) continue;
      this.#seen.add(blob.digest);
      this.#addBlob(blob);
    }
    if (root.content.kind === "image") this.#addLoads(root);
  }

  /**
   * Takes the root's manifest, which comes first in the archive. Nothing can be added afterwards.
   * @param children how many manifests it names
   */
  close(root: GraphNode, children: number): ArchivePlan {
    const loads = this.#loads;
    return new ArchivePlan({
      tag: this.#content.tag,
      imageCount: Math.max(1, children),
      facts: this.#facts(root),
      rootBytes: root.raw.bytes,
      entries: this.#entries,
      elementBytes: this.#elementBytes,
      loads: loads && (() => loads.text()),
      size: { ...this.#size, manifests: this.#size.manifests + 1 },
    });
  }

  #addManifest({ descriptor, raw }: GraphNode, isImage: boolean): void {
    this.#size.manifests++;
    this.#entries.addManifest(descriptor, raw.bytes, isImage);
    this.#elementBytes += Buffer.byteLength(indexJsonElement(descriptor));
  }

  #addBlob(blob: Descriptor): void {
    checkEmpty(blob);
    if (this.#content.known.has(blob.digest)) {
      this.#size.knownBlobs++;
      this.#size.knownBytes += blob.size;
      return;
    }
    this.#size.blobs++;
    this.#size.blobBytes += blob.size;
    this.#entries.addBlob(blob);
  }

  #addLoads(node: GraphNode): void {
    const { loadAs, known } = this.#content;
    if (loadAs === undefined) return;
    const isHere = (digest: Digest) => this.has(digest) && !known.has(digest);
    for (const image of archivedImages(node, loadAs)) this.#loads?.add(image, isHere);
  }

  #facts({ descriptor, content }: GraphNode): LayoutFacts {
    const { tag, toolVersion } = this.#content;
    const said = annotationKeys.readAnnotation(content.annotations, annotationKeys.layerSizeDeduplicated);
    // Of all blobs, known ones too, each once.
    const { blobBytes, knownBytes } = this.#size;
    const deduplicatedBytes =
      said !== undefined && /^[0-9]+$/.test(said) ? Number(said) : blobBytes + knownBytes;
    return { root: descriptor, tag, toolVersion, deduplicatedBytes };
  }
}

/** A blob of no bytes is never fetched, so its digest is checked here. */
function checkEmpty({ digest, size }: Descriptor): void {
  if (size > 0 || digestOf(new Uint8Array(0), digestAlgorithm(digest)) === digest) return;
  throw new AceError(
    "digest",
    `Cannot archive blob ${digest}: its descriptor says 0 bytes, which is not that digest's content`,
  );
}
