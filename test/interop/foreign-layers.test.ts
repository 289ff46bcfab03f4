/** An image with layers that no registry may hold, as Windows base images have: the rest of it travels all the way. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { imageOf, jsonContent } from "../support/images.ts";
import { fetchManifest, pushBlob, putManifest } from "../support/push.ts";
import { embeddedRegistry } from "../support/registries.ts";
import { runOk, writeConfig } from "../support/run-binary.ts";
import { tempDir } from "../support/temp-dir.ts";

setDefaultTimeout(60_000);

const ociImageManifest = "application/vnd.oci.image.manifest.v1+json";

test("a foreign layer that is nowhere but under its urls is left there by gather, serialize, deserialize and scatter", async () => {
  await using registry = await embeddedRegistry.start();
  await using dir = await tempDir();
  const env = {
    ACE_DT_CONFIG: await writeConfig(dir.file("c.yaml"), { "reg.example.com": registry.origin }),
  };
  const image = imageOf({ seed: "windows", layers: 1 });
  for (const blob of image.blobs) await pushBlob(registry.origin, "src/windows", blob);
  const [config, layer] = image.blobs;
  const manifest = jsonContent(ociImageManifest, {
    schemaVersion: 2,
    mediaType: ociImageManifest,
    config: config!.descriptor,
    layers: [
      {
        mediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        digest: `sha256:${"f0".repeat(32)}`,
        size: 4_000_000,
        urls: ["https://example.com/base.tar.gz"],
      },
      layer!.descriptor,
    ],
  });
  await putManifest(registry.origin, "src/windows", manifest, "v1");
  await Bun.write(dir.file("sources.list"), "reg.example.com/src/windows:v1\n");
  const run = (...args: string[]) => runOk(["mirror", ...args], { env, cwd: dir.path });
  await run("gather", "sources.list", "reg.example.com/low/all:v1");
  await run("serialize", "reg.example.com/low/all:v1", "w.tar");
  const names = Bun.spawnSync(["tar", "tf", dir.file("w.tar")]).stdout.toString();
  expect(names).toContain(layer!.descriptor.digest.replace("sha256:", "sha256/"));
  expect(names).not.toContain("f0f0f0f0");
  await run("deserialize", "w.tar", "reg.example.com/high/all:v1");
  await run("scatter", "reg.example.com/high/all:v1", "nest=reg.example.com/out");
  const arrived = await fetchManifest(registry.origin, "out/reg.example.com/src/windows", "v1");
  expect(arrived.descriptor.digest).toBe(manifest.descriptor.digest);
});
