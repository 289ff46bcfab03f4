/** The seeded images never change, and other programs can read them. */
import { expect, test } from "bun:test";
import { extract } from "tar-stream";
import { imageOf, layerOf, multiArchOf } from "./images.ts";
import { testNeeding } from "./needs.ts";
import { fetchManifest, walkImage } from "./push.ts";
import { registryKinds } from "./registries.ts";
import { gzipOf, seededBytes, tarOf } from "./seeded-bytes.ts";
import { skopeoInspectRaw, skopeoNeed } from "./skopeo.ts";
import { pushPlaced, sourcesList, standardImages } from "./standard-images.ts";

test("the digests of the standard images are what they always were", () => {
  expect(standardImages().map(({ artifact }) => artifact.root.digest)).toMatchSnapshot();
  expect(layerOf("base").descriptor.digest).toMatchSnapshot();
});

test("another seed makes another image, the same seed the same", () => {
  expect(imageOf({ seed: "a" }).root.digest).toBe(imageOf({ seed: "a" }).root.digest);
  expect(imageOf({ seed: "a" }).root.digest).not.toBe(imageOf({ seed: "b" }).root.digest);
});

for (const size of [0, 1, 511, 512, 65_534, 65_535, 65_536, 200_000]) {
  test(`gzip and tar of ${size} bytes are read back by others' readers`, async () => {
    const bytes = seededBytes("x", size);
    const tar = Bun.gunzipSync(Buffer.from(gzipOf(tarOf([{ name: "a/b", bytes }]))));
    const reader = extract();
    reader.end(Buffer.from(tar));
    const seen: string[] = [];
    for await (const entry of reader) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry) chunks.push(Buffer.from(chunk as Uint8Array));
      expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
      seen.push(`${entry.header.name} ${entry.header.size} ${entry.header.mode?.toString(8)}`);
    }
    expect(seen).toEqual([`a/b ${size} 644`]);
  });
}

test("a multi-arch index names its platforms, the attestation's unknown one too", () => {
  const artifact = multiArchOf("m");
  const index = JSON.parse(Buffer.from(artifact.manifests.at(-1)!.bytes).toString());
  expect(index.manifests.map((entry: { platform: object }) => entry.platform)).toEqual([
    { architecture: "amd64", os: "linux" },
    { architecture: "arm64", os: "linux", variant: "v8" },
    { architecture: "unknown", os: "unknown" },
  ]);
  expect(artifact.manifests).toHaveLength(4);
});

test("sources.list names every standard image once", () => {
  const lines = sourcesList("reg.example.com", standardImages()).trim().split("\n");
  expect(lines).toHaveLength(8);
  expect(lines[2]).toBe("reg.example.com/library/tool:v1,component=core,tier=base");
});

for (const kind of registryKinds) {
  testNeeding([kind.need], `${kind.name} takes every standard image and gives it back`, async () => {
    await using registry = await kind.start();
    const placed = standardImages();
    await pushPlaced(registry.origin, placed);
    for (const { repository, tag, artifact } of placed) {
      const walked = await walkImage(registry.origin, repository, tag);
      expect(walked.root.digest).toBe(artifact.root.digest);
      expect(walked.digests.size).toBe(artifact.manifests.length + artifact.blobs.length);
    }
    const sbom = placed[1]!.referrers[0]!;
    const found = await fetchManifest(registry.origin, "library/tool", sbom.root.digest);
    expect(found.descriptor.size).toBe(sbom.root.size);
  });

  testNeeding([kind.need, skopeoNeed], `skopeo reads a seeded image from ${kind.name}`, async () => {
    await using registry = await kind.start();
    const [base] = standardImages();
    await pushPlaced(registry.origin, [base!]);
    const raw = await skopeoInspectRaw(`docker://${registry.host}/library/base:v3`);
    expect(raw).toBe(Buffer.from(base!.artifact.manifests.at(-1)!.bytes).toString());
  });
}
