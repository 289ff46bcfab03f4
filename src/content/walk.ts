/** The graph below a manifest, and giving it out in archive order. */
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { childBlobs, childManifests, type ManifestContent, type RawManifest } from "../oci/manifest.ts";
import { isManifestType } from "../oci/media-types.ts";
import type { PlatformFilter } from "../oci/platform-filter.ts";

/** A manifest with all that hangs below it. */
export class GraphNode {
  readonly #odd: readonly Descriptor[];
  readonly #elsewhere: readonly Descriptor[];
  /**
   * @param odd entries of an index that are no manifests: they are copied as blobs
   * @param elsewhere foreign layers that the source does not have: they stay where their `urls` say
   * @param filter of an index some of whose manifests may be left out on purpose
   */
  constructor(
    /** As its parent names it, with the parent's annotations and platform. */
    readonly descriptor: Descriptor,
    readonly raw: RawManifest,
    readonly content: ManifestContent,
    /** In archive order. A manifest named twice is here twice. */
    readonly manifests: readonly GraphNode[],
    odd: readonly Descriptor[],
    /** Manifests that refer to this one, when referrers were asked for. */
    readonly referrers: readonly GraphNode[],
    elsewhere: readonly Descriptor[],
    readonly filter?: PlatformFilter | undefined,
  ) {
    this.#odd = odd;
    this.#elsewhere = elsewhere;
  }

  /** True for an index some of whose manifests are left out on purpose; not every registry takes one. */
  get isSparse(): boolean {
    if (this.filter === undefined) return false;
    return this.manifests.length + this.#odd.length < childManifests(this.content).length;
  }

  /** In archive order. Put together at each call: a graph of thousands of images is held in memory, these lists need not be. */
  get blobs(): readonly Descriptor[] {
    const blobs = [...this.#odd, ...childBlobs(this.content)];
    if (this.#elsewhere.length === 0) return blobs;
    return blobs.filter((blob) => this.#elsewhere.every(({ digest }) => digest !== blob.digest));
  }
}

/**
 * Everything that an index names and that is wanted.
 * @param filter what leaves the others out on purpose; without it everything is wanted
 */
export function wantedChildren(
  content: ManifestContent,
  filter: PlatformFilter | undefined,
): { nested: Descriptor[]; odd: Descriptor[] } {
  const children = childManifests(content);
  return splitChildren(filter === undefined ? children : filter.split(children).kept);
}

/** An index may name things that are no manifests (image-spec allows it, the original panics): those are copied as blobs. */
export function splitChildren(children: readonly Descriptor[]): { nested: Descriptor[]; odd: Descriptor[] } {
  const nested: Descriptor[] = [];
  const odd: Descriptor[] = [];
  for (const child of children) (isManifestType(child.mediaType) ? nested : odd).push(child);
  return { nested, odd };
}

/** What {@link walkGraph} gives out: a manifest or a blob, in archive order. */
export type GraphStep =
  | { kind: "manifest"; node: GraphNode }
  | { kind: "blob"; descriptor: Descriptor; parent: GraphNode };

/** What was given out already. */
export interface SeenDigests {
  has(digest: Digest): boolean;
  add(digest: Digest): unknown;
}

/**
 * Depth first, a manifest before what it names, each digest once; after a manifest's children come its referrers.
 * Below an index that comes again is looked again: it may have been narrowed to other platforms the first time. And what refers to
 * a manifest that comes again is looked at again: from another repository it may be more.
 */
export function* walkGraph(
  root: GraphNode,
  seen: SeenDigests = new Set(),
): Generator<GraphStep, void, undefined> {
  const again = seen.has(root.descriptor.digest);
  seen.add(root.descriptor.digest);
  if (!again) yield { kind: "manifest", node: root };
  for (const child of root.manifests) yield* walkGraph(child, seen);
  // An image that comes again has its blobs already; looking at them would only cost time.
  for (const blob of again && root.content.kind === "image" ? [] : root.blobs) {
    if (seen.has(blob.digest)) continue;
    seen.add(blob.digest);
    yield { kind: "blob", descriptor: blob, parent: root };
  }
  for (const referrer of root.referrers) yield* walkGraph(referrer, seen);
}
