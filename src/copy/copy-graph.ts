/** Copies a graph of manifests and blobs from one repository to another: children first. */

import type { GraphNode } from "../content/walk.ts";
import { walkGraph } from "../content/walk.ts";
import { sourceOf } from "../gather/gather-index.ts";
import { explainSparse } from "../gather/sparse-refusal.ts";
import type { Digest } from "../oci/digest.ts";
import type { BlobOrigin } from "../registry/blob-origin.ts";
import type { Repository } from "../registry/repository.ts";
import type { BlobTransfer } from "./blob-transfer.ts";

/** Remembers what is under way or done, over all graphs of a run, and from which source: `repository name@digest`. */
export type CopyMemo = Map<string, { source: string; done: Promise<void> }>;

/** What takes part in a copy. */
export interface GraphCopy {
  source: BlobOrigin;
  target: Repository;
  transfer: BlobTransfer;
  memo: CopyMemo;
}

/**
 * Brings a manifest and everything below and referring to it to the target. An image manifest that is there already has its
 * blobs there too (registries check that on push), so nothing below it is asked for; an index is always descended into.
 * @throws AceError the first failure; what was pushed stays, and a second run finds it
 */
export function copyGraph(node: GraphNode, copy: GraphCopy): Promise<void> {
  const { filter } = node;
  const narrowed = filter === undefined ? "" : ` ${filter.key}`;
  const key = `${copy.target.name}@${node.descriptor.digest}${narrowed}`;
  const known = copy.memo.get(key);
  const source = copy.source.name;
  if (known?.source === source) return known.done;
  // What one source could not give, another may.
  const done = known === undefined ? copyNode(node, copy) : known.done.catch(() => copyNode(node, copy));
  copy.memo.set(key, { source, done });
  return done;
}

async function copyNode(node: GraphNode, copy: GraphCopy): Promise<void> {
  const present = await copyBelow(node, copy);
  if (!present) await push(node, copy);
  await copyReferrers(node, copy);
}

/**
 * The same for a graph whose root gets a tag: pushed under the tag at once, and not at all when the tag is right already.
 * @param tagged true when the tag is known to be right
 * @throws AceError the first failure
 */
export async function copyTagged(
  node: GraphNode,
  tag: string,
  tagged: boolean,
  copy: GraphCopy,
): Promise<void> {
  const present = await copyBelow(node, copy);
  if (!present || !tagged) await push(node, copy, tag);
  await copyReferrers(node, copy);
}

async function push(node: GraphNode, copy: GraphCopy, tag?: string): Promise<void> {
  try {
    await copy.target.pushManifest(node.raw, tag);
  } catch (error) {
    throw node.isSparse ? explainSparse(error, sourceOf(node.descriptor) ?? node.descriptor.digest) : error;
  }
}

/** @returns true when the manifest itself is there already */
async function copyBelow(node: GraphNode, copy: GraphCopy): Promise<boolean> {
  const { source, target, transfer } = copy;
  const present = await target.hasManifest(node.descriptor);
  if (!present || node.content.kind === "index") {
    const children = node.manifests.map((child) => copyGraph(child, copy));
    const blobs = node.blobs.map((blob) => transfer.ensure(blob, source.address, target.address));
    await allOrFirst([...children, ...blobs]);
  }
  return present;
}

async function copyReferrers(node: GraphNode, copy: GraphCopy): Promise<void> {
  await allOrFirst(node.referrers.map((referrer) => copyGraph(referrer, copy)));
}

/** Waits for all, so that nothing goes on behind the caller's back, then throws the first failure. */
async function allOrFirst(work: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** Announces every blob of a graph for a target; see {@link BlobTransfer.expect}. */
export function expectGraph(node: GraphNode, copy: Pick<GraphCopy, "source" | "target" | "transfer">): void {
  const seen = new Set<Digest>();
  for (const step of walkGraph(node, seen)) {
    if (step.kind === "blob") copy.transfer.expect(step.descriptor, copy.source.address, copy.target.address);
  }
}
