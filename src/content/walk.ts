/** The graph below a manifest: reading it many at a time, giving it out in archive order. */
import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import {
  childBlobs,
  childManifests,
  type ManifestContent,
  parseManifest,
  type RawManifest,
} from "../oci/manifest.ts";
import { isManifestType } from "../oci/media-types.ts";
import type { ManifestSource, ReferrerSource } from "./storage.ts";

/** A manifest with all that hangs below it. */
export interface GraphNode {
  /** As its parent names it, with the parent's annotations and platform. */
  descriptor: Descriptor;
  raw: RawManifest;
  content: ManifestContent;
  /** In archive order. Nodes are shared: a manifest named twice is the same node twice. */
  manifests: readonly GraphNode[];
  blobs: readonly Descriptor[];
  /** Manifests that refer to this one, when referrers were asked for. */
  referrers: readonly GraphNode[];
}

/** How to walk. */
export interface WalkOptions {
  /** Read referrers of every manifest too. */
  recursive: boolean;
  /** Called for each manifest that was read. */
  onManifest?: (node: { descriptor: Descriptor; content: ManifestContent }) => void;
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
  source: ManifestSource & Partial<ReferrerSource>,
  options: WalkOptions,
): Promise<GraphNode> {
  return new Walk(source, options).node(root, []);
}

class Walk {
  private readonly raw = new Map<Digest, Promise<RawManifest>>();
  private readonly referrers = new Map<Digest, Promise<readonly Descriptor[]>>();

  constructor(
    private readonly source: ManifestSource & Partial<ReferrerSource>,
    private readonly options: WalkOptions,
  ) {}

  async node(descriptor: Descriptor, path: readonly Digest[]): Promise<GraphNode> {
    if (path.length >= deepest || path.includes(descriptor.digest)) {
      throw new AceError(
        "registry",
        `Cannot read ${this.options.name}: manifests are nested deeper than ${deepest} or in a circle at ${descriptor.digest}`,
      );
    }
    this.options.signal.throwIfAborted();
    const raw = await this.fetch(descriptor);
    const content = parseManifest(
      raw.bytes,
      descriptor.mediaType,
      `${this.options.name}@${descriptor.digest}`,
    );
    this.options.onManifest?.({ descriptor, content });
    const below = [...path, descriptor.digest];
    const inside = childManifests(content);
    const { nested, odd } = splitChildren(inside);
    const [manifests, referrers] = await Promise.all([
      Promise.all(nested.map((child) => this.node(child, below))),
      this.options.recursive ? this.refer(descriptor, below) : [],
    ]);
    return { descriptor, raw, content, manifests, blobs: [...odd, ...childBlobs(content)], referrers };
  }

  private fetch(descriptor: Descriptor): Promise<RawManifest> {
    const known = this.raw.get(descriptor.digest);
    if (known !== undefined) return known;
    const reading = this.source.fetchManifest(descriptor);
    this.raw.set(descriptor.digest, reading);
    return reading;
  }

  private async refer(subject: Descriptor, below: readonly Digest[]): Promise<readonly GraphNode[]> {
    let listing = this.referrers.get(subject.digest);
    if (listing === undefined) {
      listing = this.source.listReferrers?.(subject.digest) ?? Promise.resolve([]);
      this.referrers.set(subject.digest, listing);
    }
    return Promise.all((await listing).map((referrer) => this.node(referrer, below)));
  }
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
