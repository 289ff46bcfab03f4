/** A graph read in archive order and held no longer than it takes to look at it. */

import { readAhead } from "../async/read-ahead.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { childManifests } from "../oci/manifest.ts";
import { isIndexType } from "../oci/media-types.ts";
import { GraphReading, type GraphSource, rememberedManifests, type WalkOptions } from "./read-graph.ts";
import { GraphNode, type GraphStep, type SeenDigests, splitChildren, walkGraph } from "./walk.ts";

/** A root and, one after another, what hangs below it. */
export interface GraphStream {
  /** The root alone: its `manifests` and `referrers` are empty, its `content` is whole. */
  root: GraphNode;
  /** The manifests directly below the root, each with its whole graph, in order. To be read once, and to the end. */
  children: AsyncIterable<GraphNode>;
  /** What refers to the root, each with its whole graph. To be read behind `children`. */
  referrers: AsyncIterable<GraphNode>;
  /** How many `children` there are. */
  childCount: number;
}

/**
 * Opens a graph.
 * @param skip says that a manifest's graph was looked at already and need not be read again
 * @throws AceError what the source throws, here and while reading on
 */
export async function streamGraph(
  root: Descriptor,
  source: GraphSource,
  options: WalkOptions,
  skip: (digest: Digest) => boolean,
): Promise<GraphStream> {
  const reading = new GraphReading(source, options, rememberedManifests);
  const { raw, content, elsewhere } = await reading.head(root, []);
  const { nested, odd } = splitChildren(childManifests(content));
  return {
    root: new GraphNode(root, raw, content, [], odd, [], elsewhere),
    children: inOrder(nested, root, reading, skip),
    referrers: {
      async *[Symbol.asyncIterator]() {
        yield* inOrder(await reading.referrersOf(root), root, reading, skip);
      },
    },
    childCount: nested.length,
  };
}

/** Reads subtrees many at a time and gives them out in order. */
async function* inOrder(
  descriptors: readonly Descriptor[],
  root: Descriptor,
  reading: GraphReading,
  skip: (digest: Digest) => boolean,
): AsyncGenerator<GraphNode, void, undefined> {
  // An index that comes again may be wanted for more platforms than before; what is below it is known or not by itself.
  const passed = ({ digest, mediaType }: Descriptor) => !isIndexType(mediaType) && skip(digest);
  const read = (descriptor: Descriptor) =>
    passed(descriptor) ? undefined : reading.node(descriptor, [root.digest]);
  for await (const node of readAhead(descriptors, read)) if (!passed(node.descriptor)) yield node;
}

/** The steps of a whole graph, in archive order: as `walkGraph`, without holding the graph. @param seen empty */
export async function* streamSteps(
  graph: GraphStream,
  seen: SeenDigests,
): AsyncGenerator<GraphStep, void, undefined> {
  const { root } = graph;
  seen.add(root.descriptor.digest);
  yield { kind: "manifest", node: root };
  for await (const child of graph.children) yield* walkGraph(child, seen);
  for (const descriptor of root.blobs) {
    if (seen.has(descriptor.digest)) continue;
    seen.add(descriptor.digest);
    yield { kind: "blob", descriptor, parent: root };
  }
  for await (const referrer of graph.referrers) yield* walkGraph(referrer, seen);
}
