/** How many bytes images have, and how many of them are in other images too. */
import type { GraphReading } from "../content/read-graph.ts";
import { walkGraph } from "../content/walk.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";

/** Bytes of an image's blobs (configs and layers), each blob once. */
export interface ImageSizes {
  bytes: number;
  /** Of `bytes`, those of blobs that at least one other image has. */
  sharedBytes: number;
  /** Of `bytes`, those of blobs that are known already. */
  existingBytes: number;
}

/** The sizes of several images, and of all of them together. */
export interface MeasuredImages {
  /** By the digest of their manifests. */
  images: ReadonlyMap<Digest, ImageSizes>;
  /** Blobs of the `wanted` images, each once. */
  total: Omit<ImageSizes, "sharedBytes">;
}

/**
 * Reads the manifests of all images and adds up.
 * @param images each digest once
 * @param others images that only count for what is shared
 * @param known blobs that are there already
 * @throws AceError what the source throws
 */
export async function measureImages(
  images: readonly Descriptor[],
  others: readonly Descriptor[],
  known: { has(digest: Digest): boolean },
  reading: GraphReading,
): Promise<MeasuredImages> {
  const read = (descriptors: readonly Descriptor[]) =>
    Promise.all(descriptors.map((descriptor) => blobsBelow(descriptor, reading)));
  const [measured, beside] = await Promise.all([read(images), read(others)]);
  const owners = new Map<Digest, number>();
  for (const blobs of [...measured, ...beside]) {
    for (const digest of blobs.keys()) owners.set(digest, (owners.get(digest) ?? 0) + 1);
  }
  const isShared = (digest: Digest) => (owners.get(digest) ?? 0) > 1;
  const isKnown = (digest: Digest) => known.has(digest);
  const sizes = images.map(({ digest }, at): [Digest, ImageSizes] => {
    const blobs = measured[at] ?? new Map<Digest, number>();
    return [
      digest,
      { bytes: sum(blobs), sharedBytes: sum(blobs, isShared), existingBytes: sum(blobs, isKnown) },
    ];
  });
  const all = new Map(measured.flatMap((blobs) => [...blobs]));
  return { images: new Map(sizes), total: { bytes: sum(all), existingBytes: sum(all, isKnown) } };
}

/** Sizes in bytes by digest. */
async function blobsBelow(descriptor: Descriptor, reading: GraphReading): Promise<Map<Digest, number>> {
  const blobs = new Map<Digest, number>();
  for (const step of walkGraph(await reading.node(descriptor))) {
    if (step.kind === "blob") blobs.set(step.descriptor.digest, step.descriptor.size);
  }
  return blobs;
}

function sum(blobs: ReadonlyMap<Digest, number>, counts: (digest: Digest) => boolean = () => true): number {
  let bytes = 0;
  for (const [digest, size] of blobs) if (counts(digest)) bytes += size;
  return bytes;
}
