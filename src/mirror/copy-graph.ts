/** Copies a graph of manifests and blobs from one repository to another: children first. */
import type { GraphNode } from "../content/walk.ts";
import { walkGraph } from "../content/walk.ts";
import { AceError } from "../errors.ts";
import type { Digest } from "../oci/digest.ts";
import type { Repository } from "../registry/repository.ts";
import type { BlobTransfer } from "./blob-transfer.ts";

/** Remembers what is under way or done, over all graphs of a run: `repository name@digest`. */
export type CopyMemo = Map<string, Promise<void>>;

/** What takes part in a copy. */
export interface GraphCopy {
  source: Repository;
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
  const key = `${copy.target.name}@${node.descriptor.digest}`;
  const known = copy.memo.get(key);
  if (known !== undefined) return known;
  const copying = copyNode(node, copy);
  copy.memo.set(key, copying);
  return copying;
}

async function copyNode(node: GraphNode, copy: GraphCopy): Promise<void> {
  const present = await copyBelow(node, copy);
  if (!present) await copy.target.pushManifest(node.raw);
  await copyReferrers(node, copy);
}

/**
 * The same for a graph whose root gets a tag: pushed under the tag at once, and not at all when the tag is right already.
 * @throws AceError the first failure
 */
export async function copyTagged(node: GraphNode, tag: string, copy: GraphCopy): Promise<void> {
  const present = await copyBelow(node, copy);
  if (!present || !(await isTagged(node, tag, copy))) await copy.target.pushManifest(node.raw, tag);
  await copyReferrers(node, copy);
}

async function isTagged(node: GraphNode, tag: string, copy: GraphCopy): Promise<boolean> {
  try {
    return (await copy.target.resolve(tag)).digest === node.descriptor.digest;
  } catch (error) {
    if (error instanceof AceError && error.code === "not-found") return false;
    throw error;
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
export function expectGraph(node: GraphNode, copy: GraphCopy, seen: Set<Digest>): void {
  for (const step of walkGraph(node, seen)) {
    if (step.kind === "blob") copy.transfer.expect(step.descriptor, copy.target.address);
  }
}
