/** What is known about a gather index: which source reference each of its manifests stands for. */
import * as v from "valibot";
import { DigestSet } from "../collections/digest-set.ts";
import { type GraphNode, walkGraph } from "../content/walk.ts";
import { AceError } from "../errors.ts";
import type { ArchivedImage } from "../format/manifest-json.ts";
import * as annotationKeys from "../oci/annotations.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";

/** The source reference of an entry, as the user wrote it; undefined for what was not gathered. */
export function sourceOf(descriptor: Descriptor): string | undefined {
  const { annotations } = descriptor;
  return annotations?.[annotationKeys.manifestSource] ?? annotations?.[annotationKeys.refName];
}

/**
 * The labels of an entry.
 * @throws AceError `registry` when the annotation is no JSON object of strings
 */
export function labelsOf(descriptor: Descriptor): Record<string, string> {
  const text = descriptor.annotations?.[annotationKeys.labels];
  if (text === undefined) return {};
  const result = v.safeParse(labelsSchema, text);
  if (result.success) return result.output;
  const name = sourceOf(descriptor) ?? descriptor.digest;
  throw new AceError(
    "registry",
    `Cannot read the labels of ${name}: annotation ${annotationKeys.labels} is no JSON object of texts`,
  );
}

const labelsSchema = v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.string()));

/** Sums over blobs (configs and layers): each once for every entry and manifest that names it, and each once overall. */
export interface LayerSizes {
  totalBytes: number;
  deduplicatedBytes: number;
}

/**
 * Adds up the blobs below the entries of a gather index, without keeping the graphs. An image that two entries stand for counts
 * twice in the total, as the original has it (the root in test/data/original/delta.tar).
 */
export class LayerSum {
  readonly sizes: LayerSizes = { totalBytes: 0, deduplicatedBytes: 0 };
  readonly #blobs = new DigestSet();

  add(entry: GraphNode): void {
    for (const step of walkGraph(entry)) {
      if (step.kind !== "manifest") continue;
      const own = new Set<Digest>();
      for (const blob of step.node.blobs) {
        if (!own.has(blob.digest)) this.sizes.totalBytes += blob.size;
        own.add(blob.digest);
        if (!this.#blobs.has(blob.digest)) this.sizes.deduplicatedBytes += blob.size;
        this.#blobs.add(blob.digest);
      }
    }
  }
}

/**
 * Every image manifest of an entry, with the source reference above it; for `manifest.json`.
 * @param reference of an entry that does not say its own
 */
export function archivedImages(entry: GraphNode, reference: string): ArchivedImage[] {
  const images: ArchivedImage[] = [];
  const visit = (node: GraphNode, inherited: string) => {
    const named = sourceOf(node.descriptor) ?? inherited;
    if (node.content.kind === "image") {
      const platform = node === entry ? undefined : node.descriptor.platform;
      images.push({ reference: named, platform, content: node.content });
    }
    for (const child of node.manifests) visit(child, named);
  };
  visit(entry, reference);
  return images;
}
