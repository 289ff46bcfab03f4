/** Images that skopeo pushed to Debian's registry, over an archive of ours into another one, and read back by skopeo. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import { digestOf } from "../../src/oci/digest.ts";
import { chartOf, imageOf, multiArchOf } from "../support/images.ts";
import { testNeeding } from "../support/needs.ts";
import { dockerRegistry, type RunningRegistry } from "../support/registries.ts";
import { runCommandLine, runOk, writeConfig } from "../support/run-binary.ts";
import { skopeo, skopeoCopy, skopeoInspectRaw, skopeoNeed } from "../support/skopeo.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { writeLayoutDirectory } from "./layout-directory.ts";

setDefaultTimeout(120_000);
const needs = [dockerRegistry.need, skopeoNeed];

/** Repository and tag of each image at the low side. */
const images = ["library/oci:v1", "library/docker:v1", "library/multi:v2", "charts/app:0.1.0"] as const;

let low: RunningRegistry;
let high: RunningRegistry;
let dir: TempDir;
let env: Record<string, string>;

beforeAll(async () => {
  if (needs.some((need) => need.absent !== undefined)) return;
  [low, high, dir] = await Promise.all([dockerRegistry.start(), dockerRegistry.start(), tempDir()]);
  const layout = dir.file("layout");
  await writeLayoutDirectory(layout, {
    plain: imageOf({ seed: "skopeo/plain", layers: 3 }),
    multi: multiArchOf("skopeo/multi"),
    chart: chartOf("app", "0.1.0"),
  });
  await skopeoCopy(`oci:${layout}:plain`, `docker://${low.host}/library/oci:v1`);
  await skopeoCopy(`oci:${layout}:multi`, `docker://${low.host}/library/multi:v2`);
  await skopeoCopy(`oci:${layout}:chart`, `docker://${low.host}/charts/app:0.1.0`);
  const docker = ["--format", "v2s2", "--dest-tls-verify=false"];
  await skopeo("copy", "-q", ...docker, `oci:${layout}:plain`, `docker://${low.host}/library/docker:v1`);
  const config = await writeConfig(dir.file("config.yaml"), {
    "reg.example.com": low.origin,
    "reg.high.example.com": high.origin,
  });
  env = { ACE_DT_CONFIG: config };
  await Bun.write(dir.file("sources.list"), images.map((image) => `reg.example.com/${image}\n`).join(""));
  const mirror = (...args: string[]) => runOk(["mirror", ...args], { env, cwd: dir.path });
  await mirror("gather", "sources.list", "reg.example.com/gather:sync-1");
  await mirror("serialize", "reg.example.com/gather:sync-1", "sync-1.tar", "--manifest-json");
  await mirror("deserialize", "sync-1.tar", "reg.high.example.com/scatter:sync-1", "--strict");
  await mirror("scatter", "reg.high.example.com/scatter:sync-1", "nest=reg.high.example.com/mirror");
});
afterAll(async () => {
  await Promise.all([low, high, dir].map((each) => each?.[Symbol.asyncDispose]()));
});

describe("from skopeo to skopeo", () => {
  for (const image of images) {
    testNeeding(needs, `${image} arrives with its digest, and skopeo can copy all of it`, async () => {
      const there = `${high.host}/mirror/reg.example.com/${image}`;
      const [before, after] = await Promise.all([
        skopeoInspectRaw(`docker://${low.host}/${image}`),
        skopeoInspectRaw(`docker://${there}`),
      ]);
      expect(digestOf(Buffer.from(after))).toBe(digestOf(Buffer.from(before)));
      // skopeo checks every digest and size on the way.
      await skopeoCopy(`docker://${there}`, `oci:${dir.file("copied")}:${image.replaceAll(/[/:]/g, "-")}`);
    });
  }

  testNeeding(needs, "Docker's manifest is still Docker's", async () => {
    const raw = await skopeoInspectRaw(`docker://${high.host}/mirror/reg.example.com/library/docker:v1`);
    expect(JSON.parse(raw).mediaType).toBe("application/vnd.docker.distribution.manifest.v2+json");
  });

  testNeeding(needs, "skopeo finds each OCI image in our archive by its reference", async () => {
    // Docker's types it does not look for in a layout (containers/image oci/layout "getIndex").
    for (const image of images.filter((name) => name !== "library/docker:v1")) {
      const name = image.replaceAll(/[/:]/g, "-");
      await skopeoCopy(
        `oci-archive:${dir.file("sync-1.tar")}:reg.example.com/${image}`,
        `oci:${dir.file(`from-archive-${name}`)}:x`,
      );
      const raw = await skopeoInspectRaw(`oci:${dir.file(`from-archive-${name}`)}:x`);
      expect(digestOf(Buffer.from(raw))).toBe(
        digestOf(Buffer.from(await skopeoInspectRaw(`docker://${low.host}/${image}`))),
      );
    }
  });

  testNeeding(needs, "skopeo copies an archive of a single image", async () => {
    const archive = dir.file("single.tar");
    await runOk(["mirror", "serialize", "reg.example.com/library/oci:v1", archive], { env });
    await skopeoCopy(`oci-archive:${archive}:v1`, `docker://${high.host}/copied/single:v1`);
    expect(await skopeoInspectRaw(`docker://${high.host}/copied/single:v1`)).toBe(
      await skopeoInspectRaw(`docker://${low.host}/library/oci:v1`),
    );
  });

  testNeeding(
    needs,
    "an oci-archive of skopeo's own is deserialized, whatever its order of entries",
    async () => {
      const archive = dir.file("skopeo.tar");
      await skopeoCopy(`docker://${low.host}/library/multi:v2`, `oci-archive:${archive}:v2`);
      await runOk(["mirror", "deserialize", archive, "reg.high.example.com/from/skopeo:v2"], { env });
      await runOk(["mirror", "deserialize", "-", "reg.high.example.com/from/stdin:v2"], {
        env,
        stdin: Bun.file(archive),
      });
      const raw = await skopeoInspectRaw(`docker://${low.host}/library/multi:v2`);
      for (const repository of ["from/skopeo", "from/stdin"]) {
        expect(await skopeoInspectRaw(`docker://${high.host}/${repository}:v2`)).toBe(raw);
        await skopeoCopy(
          `docker://${high.host}/${repository}:v2`,
          `oci:${dir.file("again")}:${repository.slice(5)}`,
        );
      }
    },
  );

  testNeeding(needs, "tar lists the archive, and unpacks it into a layout that skopeo reads", async () => {
    const listing = await runCommandLine(["tar", "tvf", dir.file("sync-1.tar")]);
    expect(listing.code).toBe(0);
    const names = listing.stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ").at(-1));
    expect(names.slice(0, 4)).toEqual(["oci-layout", "index.json", "blobs", "blobs/sha256"]);
    expect(names.slice(-2)).toEqual(["index.json", "manifest.json"]);
    expect(listing.stdout).toMatch(/^-rw-rw-rw- 0\/0 +30 1970-01-01 00:00 oci-layout$/m);
    const layout = dir.file("unpacked");
    await runCommandLine(["mkdir", layout]);
    expect((await runCommandLine(["tar", "xf", dir.file("sync-1.tar"), "-C", layout])).code).toBe(0);
    await skopeoCopy(`oci:${layout}:reg.example.com/library/multi:v2`, `oci:${dir.file("twice")}:multi`);
  });

  testNeeding(needs, "Docker's loader finds the images that manifest.json names", async () => {
    for (const image of ["library/oci:v1", "library/docker:v1", "library/multi:v2"]) {
      const archive = `docker-archive:${dir.file("sync-1.tar")}:reg.example.com/${image}`;
      const config = JSON.parse(await skopeo("inspect", "--config", archive));
      expect(config.rootfs.diff_ids.length).toBeGreaterThan(0);
    }
  });
});
