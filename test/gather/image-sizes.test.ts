import { expect, test } from "bun:test";
import { GraphReading } from "../../src/content/read-graph.ts";
import { measureImages } from "../../src/gather/image-sizes.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { ArtifactSource } from "../mirror/artifact-source.ts";
import { type Artifact, imageOf, indexOf, layerOf, multiArchOf, sbomOf } from "../support/images.ts";

const base = layerOf("base", 2000);
const one = imageOf({ seed: "one", layers: 1, sharedLayers: [base] });
const two = imageOf({ seed: "two", layers: 2, sharedLayers: [base] });
const multi = multiArchOf("multi", 1000);

const bytesOf = (...artifacts: Artifact[]) => {
  const blobs = new Map(
    artifacts.flatMap((each) => each.blobs.map((blob) => [blob.descriptor.digest, blob])),
  );
  return [...blobs.values()].reduce((sum, blob) => sum + blob.descriptor.size, 0);
};

function measure(
  images: Artifact[],
  others: Artifact[] = [],
  known: Digest[] = [],
  referrers: Artifact[] = [],
) {
  const reading = new GraphReading(new ArtifactSource([...images, ...others, ...referrers]), {
    recursive: referrers.length > 0,
    name: "test",
    signal: new AbortController().signal,
  });
  const roots = (artifacts: Artifact[]) => artifacts.map(({ root }) => root);
  return measureImages(roots(images), roots(others), new Set(known), reading);
}

test("an image's bytes are those of its blobs, each once; a layer of two images is shared by both", async () => {
  const { images, total } = await measure([one, two]);
  expect(images.get(one.root.digest)).toEqual({
    bytes: bytesOf(one),
    sharedBytes: base.descriptor.size,
    existingBytes: 0,
  });
  expect(images.get(two.root.digest)?.sharedBytes).toBe(base.descriptor.size);
  expect(total).toEqual({ bytes: bytesOf(one, two), existingBytes: 0 });
  expect(total.bytes).toBe(bytesOf(one) + bytesOf(two) - base.descriptor.size);
});

test("images beside count for what is shared, and for nothing else", async () => {
  const { images, total } = await measure([one], [two]);
  expect([...images.keys()]).toEqual([one.root.digest]);
  expect(images.get(one.root.digest)?.sharedBytes).toBe(base.descriptor.size);
  expect(total.bytes).toBe(bytesOf(one));
});

test("what only the image itself has twice is not shared", async () => {
  const { images } = await measure([multi, indexOf([one, one])]);
  expect(images.get(multi.root.digest)).toEqual({ bytes: bytesOf(multi), sharedBytes: 0, existingBytes: 0 });
});

test("blobs that are known are existing bytes, shared or not", async () => {
  const { images, total } = await measure([one, two], [], [base.descriptor.digest]);
  expect(images.get(one.root.digest)?.existingBytes).toBe(base.descriptor.size);
  expect(total.existingBytes).toBe(base.descriptor.size);
});

test("with referrers, their blobs belong to the image", async () => {
  const sbom = sbomOf(one);
  const { images } = await measure([one], [], [], [sbom]);
  expect(images.get(one.root.digest)?.bytes).toBe(bytesOf(one, sbom));
});
