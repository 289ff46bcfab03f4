import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { repositoryRoot } from "../../scripts/build-binary.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { RegistryStore } from "../../src/server/registry-store.ts";
import { embedded, manifestsIn } from "../support/embedded.ts";
import { imageOf, multiArchOf, sbomOf } from "../support/images.ts";
import { fetchManifest, pushArtifact, walkImage } from "../support/push.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { tempDir } from "../support/temp-dir.ts";

const writable = { durable: true, readOnly: false };

test("a registry that is started again with the same directory serves everything again", async () => {
  await using dir = await tempDir();
  const image = multiArchOf("restart");
  const sbom = sbomOf(image);
  {
    await using registry = await embedded({ dir: dir.path });
    for (const name of ["a", "deep/er/name"]) {
      await pushArtifact(registry.origin, name, image, "v1");
      await pushArtifact(registry.origin, name, sbom);
    }
  }
  await using registry = await embedded({ dir: dir.path });
  for (const name of ["a", "deep/er/name"]) {
    await walkImage(registry.origin, name, "v1");
    const response = await registry.send("GET", `/v2/${name}/referrers/${image.root.digest}`);
    expect(await manifestsIn(response)).toHaveLength(1);
  }
  expect(await (await registry.send("GET", "/v2/_catalog")).json()).toEqual({
    repositories: ["a", "deep/er/name"],
  });
});

test("after SIGKILL in mid-upload, the next start clears the rest away and serves nothing half-written", async () => {
  await using dir = await tempDir();
  const script = `
    import { serveRegistry } from ${JSON.stringify(join(repositoryRoot, "src/server/serve-registry.ts"))};
    console.log((await serveRegistry({ listen: "127.0.0.1:0", dir: process.argv[1], readOnly: false })).url);`;
  const child = Bun.spawn([process.execPath, "-e", script, dir.path], { stdout: "pipe", stderr: "inherit" });
  const bytes = seededBytes("killed", 100_000);
  const digest = digestOf(bytes);
  try {
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    const origin = new TextDecoder().decode(value).trim();
    await pushArtifact(origin, "a", imageOf({ seed: "before" }), "v1");
    const { hostname, port } = new URL(origin);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => socket.destroy());
    socket.write(
      `POST /v2/a/blobs/uploads/?digest=${digest} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n`,
    );
    socket.write(bytes.subarray(0, 99_999));
    while (readdirSync(dir.file("uploads")).length === 0) await Bun.sleep(5);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
  // As if the crash had come between a blob's rename and its link.
  writeFileSync(dir.file(`blobs/sha256/${"0".repeat(64)}`), "orphan");
  await using registry = await embedded({ dir: dir.path });
  expect(readdirSync(dir.file("uploads"))).toEqual([]);
  expect(readdirSync(dir.file("blobs/sha256"))).not.toContain("0".repeat(64));
  expect((await registry.send("HEAD", `/v2/a/blobs/${digest}`)).status).toBe(404);
  await walkImage(registry.origin, "a", "v1");
});

test("each repository is an OCI image layout of its own", async () => {
  await using dir = await tempDir();
  await using registry = await embedded({ dir: dir.path });
  const image = imageOf({ seed: "layout" });
  await pushArtifact(registry.origin, "team/app", image, "v1");
  const layout = dir.file("repositories/team+app");
  expect(await Bun.file(join(layout, "oci-layout")).json()).toEqual({ imageLayoutVersion: "1.0.0" });
  const { manifests } = await Bun.file(join(layout, "index.json")).json();
  expect(manifests).toEqual([
    {
      mediaType: image.root.mediaType,
      digest: image.root.digest,
      size: image.root.size,
      annotations: { "org.opencontainers.image.ref.name": "v1" },
    },
  ]);
  for (const { descriptor, bytes } of [...image.blobs, ...image.manifests]) {
    const file = Bun.file(join(layout, "blobs", descriptor.digest.replace(":", "/")));
    expect(Buffer.compare(await file.bytes(), bytes)).toBe(0);
  }
});

test("a blob that was damaged on disk is repaired by the next push of it", async () => {
  await using dir = await tempDir();
  await using registry = await embedded({ dir: dir.path });
  const bytes = seededBytes("repair", 1000);
  const digest = digestOf(bytes);
  const push = () => registry.send("POST", `/v2/a/blobs/uploads/?digest=${digest}`, { body: bytes });
  await push();
  writeFileSync(dir.file(`blobs/${digest.replace(":", "/")}`), "cut");
  expect((await push()).status).toBe(201);
  const pulled = await registry.send("GET", `/v2/a/blobs/${digest}`);
  expect(Buffer.compare(await pulled.bytes(), bytes)).toBe(0);
});

test("a damaged index.json is an error of its repository alone, told to the operator", async () => {
  await using dir = await tempDir();
  {
    await using registry = await embedded({ dir: dir.path });
    for (const name of ["a", "b"]) await pushArtifact(registry.origin, name, imageOf({ seed: name }), "v1");
  }
  writeFileSync(dir.file("repositories/a/index.json"), "{");
  await using registry = await embedded({ dir: dir.path });
  expect((await registry.send("GET", "/v2/a/manifests/v1")).status).toBe(500);
  expect(registry.notices.join()).toContain("index.json");
  await fetchManifest(registry.origin, "b", "v1");
});

test("RegistryStore.open() refuses a directory that another registry writes to, until that one is closed", async () => {
  await using dir = await tempDir();
  const first = await RegistryStore.open(dir.path, writable);
  await expect(RegistryStore.open(dir.path, writable)).rejects.toMatchObject({ code: "input" });
  first.close();
  (await RegistryStore.open(dir.path, writable)).close();
});

test("RegistryStore.open() leaves an OCI layout, a newer format and an unwritable place alone", async () => {
  await using dir = await tempDir();
  mkdirSync(dir.file("layout/blobs"), { recursive: true });
  await expect(RegistryStore.open(dir.file("layout"), writable)).rejects.toThrow('it holds "blobs"');
  expect(readdirSync(dir.file("layout"))).toEqual(["blobs"]);
  mkdirSync(dir.file("newer"));
  writeFileSync(dir.file("newer/registry.json"), '{"format":"ace-dt-registry","version":2}');
  await expect(RegistryStore.open(dir.file("newer"), writable)).rejects.toThrow("version 1");
  writeFileSync(dir.file("file"), "");
  await expect(RegistryStore.open(dir.file("file/x"), writable)).rejects.toMatchObject({ code: "medium" });
  await expect(RegistryStore.open(dir.file("none"), { ...writable, readOnly: true })).rejects.toThrow(
    "holds no registry",
  );
});
