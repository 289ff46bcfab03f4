import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { ImageLayout } from "../../src/layout/image-layout.ts";
import { attachmentOf, imageOf } from "../support/images.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

async function emptyLayout(dir: TempDir) {
  await mkdir(dir.file("ingest"), { recursive: true });
  const policy = { ingestDirectory: dir.file("ingest"), durable: true };
  return { policy, layout: await ImageLayout.create(dir.file("layout"), policy) };
}

test("ImageLayout keeps manifests byte for byte, by digest and by tag, over a restart", async () => {
  await using dir = await tempDir();
  const { layout, policy } = await emptyLayout(dir);
  const manifest = imageOf({ seed: "kept" }).manifests[0]!;
  await layout.pushManifest(manifest, "v1");
  for (const one of [layout, ImageLayout.open(dir.file("layout"), policy)]) {
    expect(await one.hasManifest(manifest.descriptor)).toBe(true);
    expect(Buffer.compare((await one.fetchManifest(manifest.descriptor)).bytes, manifest.bytes)).toBe(0);
    expect(one.index.tagged("v1")?.digest).toBe(manifest.descriptor.digest);
  }
});

test("ImageLayout.fetchManifest() refuses a file that was changed on disk", async () => {
  await using dir = await tempDir();
  const { layout } = await emptyLayout(dir);
  const manifest = imageOf({ seed: "damaged" }).manifests[0]!;
  await layout.pushManifest(manifest);
  const bytes = Buffer.from(manifest.bytes);
  bytes[10]! ^= 1;
  writeFileSync(layout.blobs.pathOf(manifest.descriptor.digest), bytes);
  await expect(layout.fetchManifest(manifest.descriptor)).rejects.toMatchObject({ code: "digest" });
});

test("ImageLayout.deleteManifest() takes the tags and the file along; deleteTag() only the tag", async () => {
  await using dir = await tempDir();
  const { layout } = await emptyLayout(dir);
  const manifest = imageOf({ seed: "deleted" }).manifests[0]!;
  const { digest } = manifest.descriptor;
  await layout.storeManifest(manifest, ["a", "b", "c"]);
  expect(await layout.deleteTag("a")).toBe(true);
  expect(await layout.deleteTag("a")).toBe(false);
  expect(layout.index.tags()).toEqual(["b", "c"]);
  expect(await layout.deleteManifest(digest)).toBe(true);
  expect(await layout.deleteManifest(digest)).toBe(false);
  expect(layout.index.tags()).toEqual([]);
  expect(existsSync(layout.blobs.pathOf(digest))).toBe(false);
  await expect(layout.fetchManifest(manifest.descriptor)).rejects.toMatchObject({ code: "not-found" });
});

test("ImageLayout never lists a manifest without its file, however pushes and deletions of it cross", async () => {
  await using dir = await tempDir();
  const { layout } = await emptyLayout(dir);
  const manifest = imageOf({ seed: "contested" }).manifests[0]!;
  for (let round = 0; round < 20; round += 1) {
    await Promise.all([
      layout.storeManifest(manifest, ["x"]),
      layout.deleteManifest(manifest.descriptor.digest),
      Bun.sleep(round % 3).then(() => layout.storeManifest(manifest, [])),
      Bun.sleep(round % 2).then(() => layout.deleteManifest(manifest.descriptor.digest)),
    ]);
    if (await layout.hasManifest(manifest.descriptor)) await layout.fetchManifest(manifest.descriptor);
  }
});

test("ImageLayout.listReferrers() finds them over a restart, with artifactType and annotations, sorted", async () => {
  await using dir = await tempDir();
  const { layout, policy } = await emptyLayout(dir);
  const subject = imageOf({ seed: "subject" });
  const referrers = ["one", "two"].map((name) =>
    attachmentOf(`application/vnd.example.${name}`, Buffer.from(name), {
      subject: subject.root,
      annotations: { name },
    }),
  );
  for (const { manifests } of [subject, ...referrers]) {
    for (const manifest of manifests) await layout.pushManifest(manifest);
  }
  const wanted = referrers.map(({ root }) => String(root.digest)).sort();
  for (const one of [layout, ImageLayout.open(dir.file("layout"), policy)]) {
    const found = await one.listReferrers(subject.root.digest);
    expect(found.map(({ digest }) => String(digest))).toEqual(wanted);
    const types = found.map(({ artifactType, annotations }) => `${artifactType} ${annotations?.name}`).sort();
    expect(types).toEqual(["application/vnd.example.one one", "application/vnd.example.two two"]);
  }
});
