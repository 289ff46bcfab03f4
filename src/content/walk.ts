/** The graph below a manifest: reading it many at a time, giving it out in archive order. */
import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { goJson } from "../oci/go-json.ts";
import {
  childBlobs,
  childManifests,
  type ManifestContent,
  parseManifest,
  type RawManifest,
} from "../oci/manifest.ts";
import { isForeignLayer, isManifestType } from "../oci/media-types.ts";
import { Limiter } from "./limiter.ts";
import type { BlobPresence, ManifestSource, ReferrerSource } from "./storage.ts";

/** A manifest with all that hangs below it. */
export class GraphNode {
  readonly #odd: readonly Descriptor[];
  readonly #elsewhere: readonly Descriptor[];
  /**
   * @param odd entries of an index that are no manifests: they travel as blobs
   * @param elsewhere foreign layers that the source does not have: they stay where their `urls` say
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
  ) {
    this.#odd = odd;
    this.#elsewhere = elsewhere;
  }

  /** In archive order. Put together at each call: a graph of thousands of images is held in memory, these lists need not be. */
  get blobs(): readonly Descriptor[] {
    const blobs = [...this.#odd, ...childBlobs(this.content)];
    if (this.#elsewhere.length === 0) return blobs;
    return blobs.filter((blob) => this.#elsewhere.every(({ digest }) => digest !== blob.digest));
  }
}

/** Where a graph is read from. */
type GraphSource = ManifestSource & Partial<ReferrerSource & BlobPresence>;

/** How to walk. */
export interface WalkOptions {
  /** Read referrers of every manifest too. */
  recursive: boolean;
  /** Where the manifests come from, for messages. */
  name: string;
  signal: AbortSignal;
}

/** image-spec sets no limit to nesting; nobody nests deeper than index -> index -> image, and a loop must end. */
const deepest = 16;

/**
 * Reads the whole graph below `root`. Manifests are read as many at a time as the source allows, each once.
 * @throws AceError what the source throws, with the way to the manifest added
 */
export async function readGraph(
  root: Descriptor,
  source: GraphSource,
  options: WalkOptions,
): Promise<GraphNode> {
  return new Walk(source, options).node(root, []);
}

/** Manifests asked for at the same time: more than any client has connections, so that the wire decides, and yet a bound on memory. */
const manifestsAtOnce = 128;

// Shared, since most nodes have neither.
const none: readonly never[] = [];

class Walk {
  readonly #source: GraphSource;
  readonly #options: WalkOptions;
  readonly #raw = new Map<Digest, Promise<RawManifest>>();
  readonly #blobs = new Map<Digest, Descriptor>();
  readonly #limiter = new Limiter(manifestsAtOnce);
  readonly #referrers = new Map<Digest, Promise<readonly Descriptor[]>>();

  constructor(source: GraphSource, options: WalkOptions) {
    this.#source = source;
    this.#options = options;
  }

  async node(descriptor: Descriptor, path: readonly Digest[]): Promise<GraphNode> {
    if (path.length >= deepest || path.includes(descriptor.digest)) {
      throw new AceError(
        "registry",
        `Cannot read ${this.#options.name}: manifests are nested deeper than ${deepest} or in a circle at ${descriptor.digest}`,
      );
    }
    this.#options.signal.throwIfAborted();
    const raw = await this.#fetch(descriptor);
    const where = `${this.#options.name}@${descriptor.digest}`;
    const content = this.#shareBlobs(parseManifest(raw.bytes, descriptor.mediaType, where));
    const below = [...path, descriptor.digest];
    const { nested, odd } = splitChildren(childManifests(content));
    const [manifests, referrers, elsewhere] = await Promise.all([
      nested.length === 0 ? none : Promise.all(nested.map((child) => this.node(child, below))),
      this.#options.recursive ? this.#refer(descriptor, below) : none,
      this.#absentForeign(content.layers),
    ]);
    return new GraphNode(
      descriptor,
      raw,
      content,
      manifests,
      odd.length === 0 ? none : odd,
      referrers,
      elsewhere,
    );
  }

  /** Only foreign layers may be absent; asking is the only way to know, and they are rare. */
  async #absentForeign(layers: readonly Descriptor[]): Promise<readonly Descriptor[]> {
    const foreign = layers.filter(isForeignLayer);
    if (foreign.length === 0) return none;
    const present = await Promise.all(foreign.map((layer) => this.#source.hasBlob?.(layer) ?? true));
    return foreign.filter((_, index) => present[index] === false);
  }

  /** Images share layers: one descriptor object for each blob keeps a graph of thousands of images small. */
  #shareBlobs(content: ManifestContent): ManifestContent {
    const share = (blob: Descriptor): Descriptor => {
      const known = this.#blobs.get(blob.digest);
      if (known !== undefined && isSame(known, blob)) return known;
      this.#blobs.set(blob.digest, blob);
      return blob;
    };
    return { ...content, config: content.config && share(content.config), layers: content.layers.map(share) };
  }

  #fetch(descriptor: Descriptor): Promise<RawManifest> {
    const known = this.#raw.get(descriptor.digest);
    if (known !== undefined) return known;
    const reading = this.#limiter.run(() => this.#source.fetchManifest(descriptor));
    this.#raw.set(descriptor.digest, reading);
    return reading;
  }

  async #refer(subject: Descriptor, below: readonly Digest[]): Promise<readonly GraphNode[]> {
    let listing = this.#referrers.get(subject.digest);
    if (listing === undefined) {
      listing = this.#source.listReferrers?.(subject.digest) ?? Promise.resolve([]);
      this.#referrers.set(subject.digest, listing);
    }
    return Promise.all((await listing).map((referrer) => this.node(referrer, below)));
  }
}

/** The same content under the same type, with nothing said about it that the other does not say. */
function isSame(a: Descriptor, b: Descriptor): boolean {
  return a.mediaType === b.mediaType && a.size === b.size && goJson(a) === goJson(b);
}

/** An index may name things that are no manifests (image-spec allows it, the original panics): those travel as blobs. */
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

/** Depth first, a manifest before what it names, each digest once; after a manifest's children come its referrers. */
export function* walkGraph(
  root: GraphNode,
  seen: Set<Digest> = new Set(),
): Generator<GraphStep, void, undefined> {
  if (seen.has(root.descriptor.digest)) return;
  seen.add(root.descriptor.digest);
  yield { kind: "manifest", node: root };
  for (const child of root.manifests) yield* walkGraph(child, seen);
  for (const blob of root.blobs) {
    if (seen.has(blob.digest)) continue;
    seen.add(blob.digest);
    yield { kind: "blob", descriptor: blob, parent: root };
  }
  for (const referrer of root.referrers) yield* walkGraph(referrer, seen);
}
