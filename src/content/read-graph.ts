/** Reads the graph below a manifest, many manifests at a time. */

import { Limiter } from "../async/limiter.ts";
import { AceError } from "../errors.ts";
import * as annotationKeys from "../oci/annotations.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type Digest, isDigest } from "../oci/digest.ts";
import { goJson } from "../oci/go-json.ts";
import { type ManifestContent, parseManifest, type RawManifest } from "../oci/manifest.ts";
import { isForeignLayer } from "../oci/media-types.ts";
import { filterBelow, type PlatformFilter } from "../oci/platform-filter.ts";
import type { BlobPresence, ManifestSource, ReferrerSource } from "./storage.ts";
import { GraphNode, wantedChildren } from "./walk.ts";

/** Where a graph is read from. */
export type GraphSource = ManifestSource & Partial<ReferrerSource & BlobPresence>;

/** How to walk. */
export interface WalkOptions {
  /** Read referrers of every manifest too. */
  recursive: boolean;
  /** Where the manifests come from, for messages. */
  name: string;
  signal: AbortSignal;
}

/** image-spec sets no limit to nesting; nobody nests deeper than index -> index -> image, and a loop must end. */
export const deepestGraph = 16;

/** Manifests kept where one image after another is read, for when they are named again soon after. */
export const rememberedManifests = 1024;

/** Manifests and lists of referrers asked for at the same time: more than any client has connections, so that the wire decides, and yet a bound on memory. */
const manifestsAtOnce = 128;

// Shared, since most nodes have neither.
const none: readonly never[] = [];

/**
 * Reads the whole graph below `root`. Manifests are read as many at a time as the source allows, each once.
 * @throws AceError what the source throws, with the way to the manifest added
 */
export async function readGraph(
  root: Descriptor,
  source: GraphSource,
  options: WalkOptions,
): Promise<GraphNode> {
  return new GraphReading(source, options).node(root);
}

/** Reads graphs that may share manifests out of one source. */
export class GraphReading {
  readonly #source: GraphSource;
  readonly #options: WalkOptions;
  readonly #raw: Answers<RawManifest>;
  readonly #referrers: Answers<readonly Descriptor[]>;
  readonly #limiter = new Limiter(manifestsAtOnce);
  /** Images share layers: one descriptor object for each blob keeps a graph of thousands of images small. */
  readonly #blobs: Map<Digest, Descriptor> | undefined;

  /**
   * @param remembered how many manifests are kept, for when they are named again; what was forgotten is asked for again. All
   * are kept without it, which is for graphs that are kept themselves.
   */
  constructor(source: GraphSource, options: WalkOptions, remembered?: number) {
    this.#source = source;
    this.#options = options;
    this.#raw = new Answers(remembered);
    this.#referrers = new Answers(remembered);
    this.#blobs = remembered === undefined ? new Map() : undefined;
  }

  /**
   * A manifest with all that hangs below it.
   * @param path the manifests above it, from the root down
   * @param parent what of its parent is wanted; undefined for all
   * @throws AceError what the source throws; `registry` when manifests are nested in a circle
   */
  async node(
    descriptor: Descriptor,
    path: readonly Digest[] = [],
    parent?: PlatformFilter,
  ): Promise<GraphNode> {
    const head = await this.head(descriptor, path);
    const below = [...path, descriptor.digest];
    const filter = head.content.kind === "index" ? filterBelow(descriptor, parent) : undefined;
    const { nested, odd } = wantedChildren(head.content, filter);
    const [manifests, referrers] = await Promise.all([
      nested.length === 0 ? none : Promise.all(nested.map((child) => this.node(child, below, filter))),
      this.#refer(descriptor, head.content, below),
    ]);
    return new GraphNode(
      descriptor,
      head.raw,
      head.content,
      manifests,
      odd.length === 0 ? none : odd,
      referrers,
      head.elsewhere,
      filter,
    );
  }

  /** One manifest, and which of its foreign layers the source does not have. Throws as {@link GraphReading.node}. */
  async head(
    descriptor: Descriptor,
    path: readonly Digest[],
  ): Promise<{ raw: RawManifest; content: ManifestContent; elsewhere: readonly Descriptor[] }> {
    const { name, signal } = this.#options;
    if (path.length >= deepestGraph || path.includes(descriptor.digest)) {
      throw new AceError(
        "registry",
        `Cannot read ${name}: manifests are nested deeper than ${deepestGraph} or in a circle at ${descriptor.digest}`,
      );
    }
    signal.throwIfAborted();
    const raw = await this.#raw.get(descriptor.digest, () =>
      this.#limiter.run(() => this.#source.fetchManifest(descriptor)),
    );
    const read = parseManifest(raw.bytes, descriptor.mediaType, `${name}@${descriptor.digest}`);
    const content = this.#blobs === undefined ? read : shareBlobs(read, this.#blobs);
    return { raw, content, elsewhere: await this.#absentForeign(content.layers) };
  }

  /** What refers to a manifest; nothing when referrers are not wanted. */
  async referrersOf(subject: Descriptor): Promise<readonly Descriptor[]> {
    if (!this.#options.recursive) return none;
    return this.#referrers.get(subject.digest, () =>
      this.#limiter.run(async () => (await this.#source.listReferrers?.(subject.digest)) ?? none),
    );
  }

  /** What refers to the index that a rebuilt one was made from is about the rebuilt one too. */
  async #refer(
    subject: Descriptor,
    content: ManifestContent,
    below: readonly Digest[],
  ): Promise<readonly GraphNode[]> {
    if (!this.#options.recursive) return none;
    const origin = content.kind === "index" ? content.annotations[annotationKeys.sourceDigest] : undefined;
    const lists = await Promise.all([
      this.referrersOf(subject),
      origin === undefined || !isDigest(origin) ? none : this.referrersOf({ ...subject, digest: origin }),
    ]);
    const listed = lists.flat();
    return Promise.all(listed.map((referrer) => this.node(referrer, below)));
  }

  /** Only foreign layers may be absent; asking is the only way to know, and they are rare. */
  async #absentForeign(layers: readonly Descriptor[]): Promise<readonly Descriptor[]> {
    const foreign = layers.filter(isForeignLayer);
    if (foreign.length === 0) return none;
    const present = await Promise.all(foreign.map((layer) => this.#source.hasBlob?.(layer) ?? true));
    return foreign.filter((_, index) => present[index] === false);
  }
}

/** Answers by digest, each asked for once unless it was forgotten: the oldest are. */
class Answers<Answer> {
  readonly #most: number;
  readonly #known = new Map<Digest, Promise<Answer>>();

  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  get(digest: Digest, ask: () => Promise<Answer>): Promise<Answer> {
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const answer = ask();
    this.#known.set(digest, answer);
    if (this.#known.size > this.#most) {
      const oldest = this.#known.keys().next();
      if (oldest.done !== true) this.#known.delete(oldest.value);
    }
    return answer;
  }
}

function shareBlobs(content: ManifestContent, blobs: Map<Digest, Descriptor>): ManifestContent {
  const share = (blob: Descriptor): Descriptor => {
    const known = blobs.get(blob.digest);
    if (known !== undefined && isSame(known, blob)) return known;
    blobs.set(blob.digest, blob);
    return blob;
  };
  return { ...content, config: content.config && share(content.config), layers: content.layers.map(share) };
}

/** The same content under the same type, with nothing said about it that the other does not say. */
function isSame(a: Descriptor, b: Descriptor): boolean {
  return a.mediaType === b.mediaType && a.size === b.size && goJson(a) === goJson(b);
}
