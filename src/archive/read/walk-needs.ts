/** Everything that has to be there for a manifest to be whole, told to a visitor. */
import { deepestGraph } from "../../content/read-graph.ts";
import { type SeenDigests, wantedChildren } from "../../content/walk.ts";
import { sourceOf } from "../../gather/gather-index.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { childBlobs, type ManifestContent } from "../../oci/manifest.ts";
import { isManifestType } from "../../oci/media-types.ts";
import { filterBelow, type PlatformFilter } from "../../oci/platform-filter.ts";

/** Who is told. `image` is the source reference of the entry above, where there is one. */
export interface NeedVisitor {
  /** @returns what the manifest says; undefined when nothing below it can be known */
  manifest(descriptor: Descriptor, image: string | undefined): Promise<ManifestContent | undefined>;
  /** A blob that several manifests name comes several times. */
  blob(descriptor: Descriptor, image: string | undefined): void;
}

/** Walks below one manifest after another. Each image is visited once, an index once for every filter that holds for it. */
export class NeedsWalk {
  readonly #visitor: NeedVisitor;
  readonly #images: SeenDigests;
  readonly #indexes = new Set<Digest>();
  /** Indexes with the filter that held for them. */
  readonly #filtered = new Set<string>();

  /** @param images takes the images that were visited; for many of them a `DigestSet` */
  constructor(visitor: NeedVisitor, images: SeenDigests = new Set()) {
    this.#visitor = visitor;
    this.#images = images;
  }

  /**
   * In archive order, but that an index's own entries that are no manifests come behind its manifests. What is left out on purpose is not
   * visited.
   * @param image what the descriptor does not say itself
   * @param parent what is wanted of the index that names it
   */
  async below(
    descriptor: Descriptor,
    image?: string | undefined,
    parent?: PlatformFilter | undefined,
    depth = 0,
  ): Promise<void> {
    const named = sourceOf(descriptor) ?? image;
    if (!isManifestType(descriptor.mediaType)) return this.#visitor.blob(descriptor, named);
    if (this.#images.has(descriptor.digest) || depth > deepestGraph) return;
    const filter = filterBelow(descriptor, parent);
    const key = `${descriptor.digest} ${filter?.key}`;
    if (this.#filtered.has(key)) return;
    const content = await this.#visitor.manifest(descriptor, named);
    if (content?.kind === "index") {
      this.#indexes.add(descriptor.digest);
      this.#filtered.add(key);
    } else this.#images.add(descriptor.digest);
    if (content === undefined) return;
    const { nested, odd } = wantedChildren(content, content.kind === "index" ? filter : undefined);
    for (const child of nested) await this.below(child, named, filter, depth + 1);
    for (const blob of [...odd, ...childBlobs(content)]) this.#visitor.blob(blob, named);
  }

  /** True when a manifest was visited, whole or in part. */
  hasVisited(descriptor: Descriptor): boolean {
    return this.#images.has(descriptor.digest) || this.#indexes.has(descriptor.digest);
  }
}
