/** Lays an archive out: every entry with its place, before a byte of any blob is fetched (compat section 4). */

import { DigestSet } from "../../content/digest-set.ts";
import { PackedLog } from "../../content/packed-log.ts";
import type { GraphStream } from "../../content/stream-graph.ts";
import { type GraphNode, walkGraph } from "../../content/walk.ts";
import { AceError } from "../../errors.ts";
import {
  firstIndexJson,
  indexJsonElement,
  indexJsonFrame,
  type LayoutFacts,
  ociLayoutJson,
} from "../../format/layout-json.ts";
import { LoadList } from "../../format/manifest-json.ts";
import { archivedImages } from "../../gather/gather-index.ts";
import * as annotationKeys from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, digestAlgorithm, digestOf } from "../../oci/digest.ts";
import { ArchiveLayout, type ArchivePiece } from "./archive-layout.ts";
import { StepLog } from "./step-log.ts";

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

/**
 * Reads a graph to its end and plans the archive of it. Nothing of the graph is kept but a compressed list.
 * @param open opens the graph; manifests for which `skip` is true need not be read
 * @throws AceError what reading the graph throws; `digest` for an empty blob that has another digest than that of nothing
 */
export async function planArchive(
  open: (skip: (digest: Digest) => boolean) => Promise<GraphStream>,
  content: ArchiveContent,
): Promise<ArchivePlan> {
  const plan = new ArchivePlan(content);
  // With manifest.json each entry is looked at: it may give another name to the same image.
  const graph = await open(content.loadAs === undefined ? (digest) => plan.has(digest) : () => false);
  for await (const child of graph.children) plan.add(child, true);
  plan.addBlobs(graph.root);
  for await (const referrer of graph.referrers) plan.add(referrer, false);
  plan.close(graph.root, graph.childCount);
  return plan;
}

/**
 * An archive that is known to the byte and not written yet. What is below the root is added first, in order, the root last: one
 * that is made up for the archive says how large the rest is.
 */
export class ArchivePlan {
  readonly size: ArchiveSize = {
    bytes: 0,
    blobs: 0,
    blobBytes: 0,
    manifests: 0,
    knownBlobs: 0,
    knownBytes: 0,
  };
  #root: GraphNode | undefined;
  #imageCount = 1;
  readonly #content: ArchiveContent;
  readonly #seen = new DigestSet();
  readonly #steps = new StepLog();
  readonly #loads: LoadList | undefined;
  /** The elements of the last index.json, and their bytes. */
  readonly #elements = new PackedLog();
  #elementBytes = 0;
  /** Of all blobs, known ones too, each once. */
  #blobBytes = 0;
  readonly #utf8 = new TextEncoder();

  constructor(content: ArchiveContent) {
    this.#content = content;
    this.#loads = content.loadAs === undefined ? undefined : new LoadList();
  }

  /** Its root's. */
  get tag(): string {
    return this.#content.tag;
  }

  /** Sources that the root stands for; a plain image is one. */
  get imageCount(): number {
    return this.#imageCount;
  }

  /** True for what is in the plan already, known blobs too. */
  has(digest: Digest): boolean {
    return this.#seen.has(digest);
  }

  /** Takes the next graph below the root. */
  add(node: GraphNode, isEntry: boolean): void {
    let opened = !isEntry;
    for (const step of walkGraph(node, this.#seen)) {
      const isOwn = step.kind === "manifest" && step.node === node;
      // Its manifest stands in the archive already, under another entry; what follows is its own all the same.
      if (!opened && !isOwn) this.#steps.appendEntry(node.descriptor);
      opened = true;
      if (step.kind === "blob") this.#addBlob(step.descriptor);
      else this.#addManifest(step.node, isEntry && isOwn);
    }
    if (isEntry) this.#addLoads(node);
  }

  /** Takes the blobs directly below the root. */
  addBlobs(root: GraphNode): void {
    for (const blob of root.blobs) {
      if (this.#seen.has(blob.digest)) continue;
      this.#seen.add(blob.digest);
      this.#addBlob(blob);
    }
    if (root.content.kind === "image") this.#addLoads(root);
  }

  /**
   * Takes the root's manifest, which comes first in the archive, and adds everything up. Nothing can be added afterwards.
   * @param children how many manifests it names
   */
  close(root: GraphNode, children: number): void {
    this.#root = root;
    this.#imageCount = Math.max(1, children);
    this.size.manifests++;
    for (const piece of this.pieces()) {
      this.size.bytes = piece.offset + (piece.kind === "blob" ? piece.descriptor.size : piece.bytes.length);
    }
  }

  /** The whole archive in order; as often as wanted. The bytes of a piece are good until the next is asked for. */
  *pieces(): Generator<ArchivePiece, void, undefined> {
    const layout = new ArchiveLayout();
    const root = this.#closedRoot();
    const facts = this.#facts(root);
    yield* layout.file("oci-layout", this.#utf8.encode(ociLayoutJson()));
    yield* layout.file("index.json", this.#utf8.encode(firstIndexJson(facts)));
    // The ledger's line for the root carries its tag and nothing else, as the original's does.
    const tagged = { ...root.descriptor, annotations: { [annotationKeys.refName]: this.#content.tag } };
    yield* layout.manifest(root.descriptor, root.raw.bytes, tagged);
    let entry = root.descriptor;
    for (const step of this.#steps.steps()) {
      if (step.kind === "entry" || (step.kind === "manifest" && step.isEntry)) entry = step.descriptor;
      if (step.kind === "blob") yield* layout.blob(step.descriptor, entry);
      if (step.kind === "manifest") yield* layout.manifest(step.descriptor, step.bytes, step.descriptor);
    }
    yield* this.#lastIndexJson(layout, facts);
    if (this.#loads !== undefined) yield* layout.file("manifest.json", this.#utf8.encode(this.#loads.text()));
    yield layout.trailer();
  }

  /** What a checkpoint has a line for, in order, and where it ends; as often as wanted. */
  *entries(): Generator<{ descriptor: Descriptor; end: number }, void, undefined> {
    for (const piece of this.pieces()) {
      if (piece.kind === "bytes" && piece.complete !== undefined)
        yield { descriptor: piece.complete, end: piece.offset + piece.bytes.length };
    }
  }

  *#lastIndexJson(layout: ArchiveLayout, facts: LayoutFacts): Generator<ArchivePiece, void, undefined> {
    const frame = indexJsonFrame(facts);
    const [before, after] = [this.#utf8.encode(frame.before), this.#utf8.encode(frame.after)];
    const elements = this.#elements;
    const parts = function* () {
      yield before;
      yield* elements.records();
      yield after;
    };
    yield* layout.parts("index.json", before.length + this.#elementBytes + after.length, parts());
  }

  #addManifest(node: GraphNode, isEntry: boolean): void {
    this.size.manifests++;
    this.#steps.appendManifest(node.descriptor, node.raw.bytes, isEntry);
    const element = this.#utf8.encode(indexJsonElement(node.descriptor));
    this.#elementBytes += element.length;
    this.#elements.append(element);
  }

  #addBlob(blob: Descriptor): void {
    checkEmpty(blob);
    this.#blobBytes += blob.size;
    if (this.#content.known.has(blob.digest)) {
      this.size.knownBlobs++;
      this.size.knownBytes += blob.size;
      return;
    }
    this.size.blobs++;
    this.size.blobBytes += blob.size;
    this.#steps.appendBlob(blob);
  }

  #addLoads(node: GraphNode): void {
    const { loadAs, known } = this.#content;
    if (loadAs === undefined) return;
    const isHere = (digest: Digest) => this.#seen.has(digest) && !known.has(digest);
    for (const image of archivedImages(node, loadAs)) this.#loads?.add(image, isHere);
  }

  #closedRoot(): GraphNode {
    if (this.#root === undefined) throw new AceError("internal", "Cannot lay out an archive: it has no root");
    return this.#root;
  }

  #facts({ descriptor, content }: GraphNode): LayoutFacts {
    const { tag, toolVersion } = this.#content;
    const said = annotationKeys.readAnnotation(content.annotations, annotationKeys.layerSizeDeduplicated);
    const deduplicatedBytes = said !== undefined && /^[0-9]+$/.test(said) ? Number(said) : this.#blobBytes;
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
