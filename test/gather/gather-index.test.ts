/** The sums that a gather index carries. */
import { describe, expect, test } from "bun:test";
import type { GraphNode } from "../../src/content/walk.ts";
import { type LayerSizes, LayerSum, labelsOf } from "../../src/gather/gather-index.ts";
import { graphOf } from "../mirror/artifact-source.ts";
import { type Artifact, imageOf, layerOf } from "../support/images.ts";

function layerSizes(entries: readonly GraphNode[]): LayerSizes {
  const sum = new LayerSum();
  for (const entry of entries) sum.add(entry);
  return sum.sizes;
}

describe("LayerSum", () => {
  test("counts a blob once overall, and for the total once for each entry and manifest that names it", async () => {
    const shared = layerOf("shared");
    const first = imageOf({ seed: "one", layers: 1, sharedLayers: [shared] });
    const second = imageOf({ seed: "two", layers: 1, sharedLayers: [shared] });
    const bytesOf = (artifact: Artifact) =>
      artifact.blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
    const both = bytesOf(first) + bytesOf(second);
    const nodes = [await graphOf(first), await graphOf(second)];
    expect(layerSizes(nodes)).toEqual({ totalBytes: both, deduplicatedBytes: both - shared.descriptor.size });
    // One image under two references is two entries.
    expect(layerSizes([...nodes, await graphOf(first)])).toEqual({
      totalBytes: both + bytesOf(first),
      deduplicatedBytes: both - shared.descriptor.size,
    });
  });
});

describe("labelsOf()", () => {
  const entry = (labels: string) => ({
    ...imageOf({ seed: "labels", layers: 1 }).root,
    annotations: {
      "data.act3-ace.io/labels": labels,
      "vnd.act3-ace.manifest.source": "reg.example.com/a:v1",
    },
  });

  test("reads the annotation", () => {
    expect(labelsOf(entry('{"tier":"base"}'))).toEqual({ tier: "base" });
  });

  for (const bad of ["", "{", "[1]", '"text"', '{"a":1}', "null"]) {
    test(`refuses ${JSON.stringify(bad)}, and names the image`, () => {
      expect(() => labelsOf(entry(bad))).toThrow(/reg\.example\.com\/a:v1/);
    });
  }
});
