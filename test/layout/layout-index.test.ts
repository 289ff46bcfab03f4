import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { LayoutIndex } from "../../src/layout/layout-index.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { ociImageManifest } from "../../src/oci/media-types.ts";
import { tempDir } from "../support/temp-dir.ts";

const descriptorOf = (text: string) => ({
  mediaType: ociImageManifest,
  digest: digestOf(Buffer.from(text)),
  size: text.length,
});

test("LayoutIndex.update() keeps 200 concurrent changes, in few writes, and shows them after a restart", async () => {
  await using dir = await tempDir();
  await mkdir(dir.file("ingest"));
  const policy = { ingestDirectory: dir.file("ingest"), durable: true };
  const index = new LayoutIndex(dir.file("index.json"), policy);
  await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      index.update((draft) => {
        const descriptor = descriptorOf(`manifest ${i % 50}`);
        draft.manifests.set(descriptor.digest, descriptor);
        draft.tags.set(`v${i}`, descriptor.digest);
      }),
    ),
  );
  const again = new LayoutIndex(dir.file("index.json"), policy);
  for (const one of [index, again]) {
    expect(one.tags().length).toBe(200);
    expect(one.tagged("v199")).toEqual(descriptorOf("manifest 49"));
    expect([...one.manifests()].length).toBe(50);
  }
  expect(readdirSync(dir.file("ingest"))).toEqual([]);
});

test("LayoutIndex writes one entry a tag and one for a manifest without a tag", async () => {
  await using dir = await tempDir();
  const index = new LayoutIndex(dir.file("index.json"), { ingestDirectory: dir.path, durable: false });
  const [tagged, plain] = [descriptorOf("tagged"), descriptorOf("plain")];
  await index.update((draft) => {
    for (const descriptor of [tagged, plain]) draft.manifests.set(descriptor.digest, descriptor);
    draft.tags.set("a", tagged.digest).set("b", tagged.digest);
  });
  const entry = (tag: string) => ({ ...tagged, annotations: { "org.opencontainers.image.ref.name": tag } });
  expect(JSON.parse(readFileSync(dir.file("index.json"), "utf8"))).toEqual({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [entry("a"), entry("b"), plain],
  });
});

test("LayoutIndex.update() changes nothing in memory when the write fails", async () => {
  await using dir = await tempDir();
  await mkdir(dir.file("ingest"));
  const index = new LayoutIndex(dir.file("index.json"), {
    ingestDirectory: dir.file("ingest"),
    durable: true,
  });
  const descriptor = descriptorOf("lost");
  const push = () =>
    index.update((draft) => {
      draft.manifests.set(descriptor.digest, descriptor);
      draft.tags.set("lost", descriptor.digest);
    });
  await rename(dir.file("ingest"), dir.file("elsewhere"));
  await expect(push()).rejects.toThrow("ENOENT");
  expect(index.tagged("lost")).toBeUndefined();
  await rename(dir.file("elsewhere"), dir.file("ingest"));
  await push();
  expect(index.tagged("lost")).toEqual(descriptor);
});

const damaged: [string, string][] = [
  ["not JSON", "{"],
  ["an index without manifests", "{}"],
  [
    "a digest that leads out of the layout",
    '{"manifests":[{"mediaType":"a","digest":"sha256:../../x","size":1}]}',
  ],
];
for (const [what, text] of damaged) {
  test(`LayoutIndex refuses ${what}, and names the file`, async () => {
    await using dir = await tempDir();
    writeFileSync(dir.file("index.json"), text);
    expect(
      () => new LayoutIndex(dir.file("index.json"), { ingestDirectory: dir.path, durable: false }),
    ).toThrow(`Cannot read "${dir.file("index.json")}"`);
  });
}
