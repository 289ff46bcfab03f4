/** --strict: the order that serialize writes, and nothing else. */
import { describe, expect, test } from "bun:test";
import { StrictOrder } from "../../../src/archive/read/strict-order.ts";
import { walkGraph } from "../../../src/content/walk.ts";
import { sparsePlatforms } from "../../../src/oci/annotations.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { parseManifest } from "../../../src/oci/manifest.ts";
import { ociImageIndex } from "../../../src/oci/media-types.ts";
import { parsePlatform } from "../../../src/oci/platform.ts";
import { PlatformFilter } from "../../../src/oci/platform-filter.ts";
import { graphOf } from "../../mirror/artifact-source.ts";
import {
  type Artifact,
  imageOf,
  indexOf,
  jsonContent,
  layerOf,
  multiArchOf,
  sbomOf,
} from "../../support/images.ts";

const tool = imageOf({ seed: "strict/tool" });
const sbom = sbomOf(tool);
const gathered = indexOf([tool, multiArchOf("strict/multi"), imageOf({ seed: "strict/last" })]);

const nameOf = (digest: Digest) => `blobs/${digest.replace(":", "/")}`;

/** The names of an archive's entries, in our order. */
async function namesOf(artifact: Artifact, more: readonly Artifact[] = []): Promise<string[]> {
  const blobs = [...walkGraph(await graphOf(artifact, more))].map((step) =>
    nameOf(step.kind === "manifest" ? step.node.descriptor.digest : step.descriptor.digest),
  );
  return ["oci-layout", "index.json", "blobs/", "blobs/sha256/", ...blobs, "index.json"];
}

/** Shows entries to a StrictOrder as an unpacking does. @returns why it refuses, or undefined */
function refusal(
  names: readonly string[],
  artifacts: readonly Artifact[],
  filters: ReadonlyMap<string, PlatformFilter> = new Map(),
): string | undefined {
  const manifests = new Map(
    artifacts.flatMap((each) => each.manifests).map((each) => [nameOf(each.descriptor.digest), each]),
  );
  const order = new StrictOrder("a.tar");
  try {
    for (const [at, name] of names.entries()) {
      const type = name.endsWith("/") ? "directory" : "file";
      const numbers = { sizeBytes: 0, headerOffset: at, bodyOffset: at, nextOffset: at };
      order.entry({ kind: "entry", name, type, ...numbers });
      if (name === "index.json") order.setRoot(artifacts[0]?.root.digest ?? "sha256:0");
      const manifest = manifests.get(name);
      const digest = name.replace("blobs/", "").replace("/", ":") as Digest;
      if (manifest !== undefined) {
        const content = parseManifest(manifest.bytes, manifest.descriptor.mediaType, "x");
        order.manifest(digest, content, filters.get(digest));
      } else if (type === "file" && name.startsWith("blobs/")) order.settled(digest);
    }
  } catch (error) {
    expect(error).toMatchObject({ code: "archive" });
    return String(error);
  }
  return undefined;
}

const good = await namesOf(gathered);
const swapped = (a: number, b: number) => good.with(a, good[b] ?? "").with(b, good[a] ?? "");
const without = (name: string) => good.filter((each) => each !== name);

describe("StrictOrder", () => {
  test("takes what serialize writes, with and without manifest.json and referrers", async () => {
    expect(refusal(good, [gathered])).toBeUndefined();
    expect(refusal([...good, "manifest.json"], [gathered])).toBeUndefined();
    const withSbom = await namesOf(gathered, [sbom]);
    expect(withSbom.length).toBeGreaterThan(good.length);
    expect(refusal(withSbom, [gathered, sbom])).toBeUndefined();
  });

  test("takes an archive that leaves any of the blobs out", () => {
    for (const { descriptor } of gathered.blobs) {
      expect(refusal(without(nameOf(descriptor.digest)), [gathered])).toBeUndefined();
    }
    const none = good.filter(
      (name) => !gathered.blobs.some(({ descriptor }) => name === nameOf(descriptor.digest)),
    );
    expect(refusal(none, [gathered])).toBeUndefined();
  });

  test("takes an index that names a blob before its manifests, as serialize writes it", async () => {
    const layer = layerOf("strict/odd");
    const manifests = [layer.descriptor, tool.root];
    const index = jsonContent(ociImageIndex, { schemaVersion: 2, mediaType: ociImageIndex, manifests });
    const odd = {
      root: index.descriptor,
      manifests: [...tool.manifests, index],
      blobs: [...tool.blobs, layer],
    };
    expect(refusal(await namesOf(odd), [odd])).toBeUndefined();
  });

  test("takes an index without the platforms that are left out on purpose, and not without another", async () => {
    const multi = multiArchOf("strict/sparse");
    const filters = new Map([[multi.root.digest, new PlatformFilter([[parsePlatform("linux/amd64")]])]]);
    const narrow = { ...multi, root: { ...multi.root, annotations: { [sparsePlatforms]: "linux/amd64" } } };
    const sparse = indexOf([narrow, tool]);
    const names = await namesOf(sparse);
    expect(names.length).toBeLessThan((await namesOf(indexOf([multi, tool]))).length);
    expect(refusal(names, [sparse], filters)).toBeUndefined();
    expect(refusal(names, [sparse])).toContain(`manifest ${multi.manifests[1]?.descriptor.digest} must come`);
    for (const { descriptor } of [multi.manifests[0], multi.manifests[2]].flatMap((each) => each ?? [])) {
      const lost = names.filter((name) => name !== nameOf(descriptor.digest));
      expect(refusal(lost, [sparse], filters)).toContain("Cannot accept");
    }
  });

  test("refuses an archive that leaves any manifest out", () => {
    for (const { descriptor } of gathered.manifests) {
      const why = refusal(without(nameOf(descriptor.digest)), [gathered]);
      expect([descriptor.digest, why]).not.toEqual([descriptor.digest, undefined]);
      const bare = without(nameOf(descriptor.digest)).filter(
        (name) => !gathered.blobs.some((blob) => name === nameOf(blob.descriptor.digest)),
      );
      expect(refusal(bare, [gathered])).toContain("Cannot accept a.tar as strictly in order");
    }
  });

  const bad: [string, readonly string[]][] = [
    ["index.json before oci-layout", swapped(0, 1)],
    ["no oci-layout", good.slice(1)],
    ["only one index.json, behind the blobs", [...good.slice(0, 1), ...good.slice(2)]],
    ["a third index.json", [...good, "index.json"]],
    ["manifest.json before the last index.json", good.toSpliced(-1, 0, "manifest.json")],
    ["a blob's directory twice", good.toSpliced(4, 0, "blobs/sha256/")],
    ["no directory before the blobs", without("blobs/sha256/")],
    ["a directory of another kind", good.toSpliced(4, 0, "more/")],
    ["another blob before the root", swapped(4, 5)],
    ["a config before its manifest", swapped(5, 6)],
    ["layers the wrong way round", swapped(7, 8)],
    ["a blob twice", good.toSpliced(7, 0, good[6] ?? "")],
    ["a blob behind the last index.json", [...without(good[7] ?? ""), good[7] ?? ""]],
    ["a blob that nothing names", good.toSpliced(6, 0, nameOf(layerOf("stranger").descriptor.digest))],
    ["a prefix of ./", good.map((name) => `./${name}`)],
    ["a file of another kind", [...good, "README"]],
  ];
  for (const [why, names] of bad) {
    test(`refuses ${why}`, () => {
      expect(refusal(names, [gathered])).toContain("Cannot accept a.tar as strictly in order: entry");
    });
  }
});
