/** A streamed graph has the same steps in the same order as one that is read whole. */
import { describe, expect, test } from "bun:test";
import { streamSteps } from "../../src/content/stream-graph.ts";
import { type GraphStep, walkGraph } from "../../src/content/walk.ts";
import { sparsePlatforms } from "../../src/oci/annotations.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { graphOf, streamOf } from "../mirror/artifact-source.ts";
import { type Artifact, chartOf, imageOf, indexOf, multiArchOf, sbomOf } from "../support/images.ts";

const nameOf = (step: GraphStep): string =>
  step.kind === "manifest" ? `manifest ${step.node.descriptor.digest}` : `blob ${step.descriptor.digest}`;

async function streamed(artifact: Artifact, more: readonly Artifact[]): Promise<string[]> {
  const seen = new Set<Digest>();
  const steps: string[] = [];
  const graph = await streamOf(artifact, more, (digest) => seen.has(digest));
  for await (const step of streamSteps(graph, seen)) steps.push(nameOf(step));
  return steps;
}

describe("streamSteps()", () => {
  const tool = imageOf({ seed: "stream/tool" });
  const multi = multiArchOf("stream/multi");
  const many = Array.from({ length: 300 }, (_, at) => imageOf({ seed: `stream/${at}` }));
  const cases: [string, Artifact, readonly Artifact[]][] = [
    ["of a plain image", tool, []],
    ["of an image with a referrer", tool, [sbomOf(tool)]],
    ["of an index", multi, []],
    [
      "of a gather index with an image that comes twice, and referrers",
      indexOf([tool, multi, tool]),
      [sbomOf(tool), sbomOf(multi)],
    ],
    ["of more images than are read ahead, each twice", indexOf([...many, chartOf("a", "1"), ...many]), []],
  ];
  for (const [name, artifact, more] of cases) {
    test(`${name} are those of walkGraph()`, async () => {
      const whole = [...walkGraph(await graphOf(artifact, more))].map(nameOf);
      expect(await streamed(artifact, more)).toEqual(whole);
    });
  }

  test("bring what is left out the first time an index comes and wanted the second time", async () => {
    const narrow = { ...multi, root: { ...multi.root, annotations: { [sparsePlatforms]: "linux/amd64" } } };
    const everything = [...multi.manifests, ...multi.blobs].length;
    for (const [index, more] of [
      [indexOf([narrow, multi]), 1],
      [indexOf([multi, narrow]), 1],
    ] as const) {
      const steps = await streamed(index, []);
      expect(new Set(steps).size).toBe(everything + more);
      expect(steps).toHaveLength(everything + more);
      expect([...walkGraph(await graphOf(index))].map(nameOf)).toEqual(steps);
    }
    expect((await streamed(indexOf([narrow]), [])).length).toBeLessThan(everything + 1);
  });

  test("ends with the failure of the manifest that is missing, at its turn", async () => {
    const lost = imageOf({ seed: "stream/lost" });
    const index = indexOf([tool, lost]);
    const without = {
      ...index,
      manifests: index.manifests.filter(({ descriptor }) => descriptor.digest !== lost.root.digest),
    };
    expect(streamed(without, [])).rejects.toThrow(`Cannot read ${lost.root.digest}: it is not here`);
  });
});
