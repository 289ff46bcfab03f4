/** Archives of ours in the engines that people load images into: podman, containerd and Docker. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import {
  containerdNeeds,
  dockerNeeds,
  type LoadedImage,
  openContainerd,
  openDocker,
  openPodman,
  podmanNeeds,
} from "../support/engines.ts";
import { testNeeding } from "../support/needs.ts";
import { embeddedRegistry } from "../support/registries.ts";
import { runOk, writeConfig } from "../support/run-binary.ts";
import { type PlacedArtifact, pushPlaced, sourcesList, standardImages } from "../support/standard-images.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

setDefaultTimeout(120_000);

const placed = standardImages();
const images = placed.filter(({ repository }) => repository.startsWith("library/"));
const docker = placed.find(({ kind }) => kind === "Docker schema 2")!;
const tool = placed.find(({ repository }) => repository === "library/tool")!;
const multi = placed.find(({ repository }) => repository === "library/multi")!;

const nameOf = ({ repository, tag }: PlacedArtifact) => `reg.example.com/${repository}:${tag}`;
/** Of the first image in it, as each engine identifies it. */
const idOf = ({ artifact }: PlacedArtifact): string => artifact.blobs[0]!.descriptor.digest;

let dir: TempDir;
beforeAll(async () => {
  dir = await tempDir();
  await using registry = await embeddedRegistry.start();
  await pushPlaced(registry.origin, placed);
  await Bun.write(dir.file("sources.list"), sourcesList("reg.example.com", placed));
  const config = await writeConfig(dir.file("config.yaml"), { "reg.example.com": registry.origin });
  const mirror = (...args: string[]) =>
    runOk(["mirror", ...args], { env: { ACE_DT_CONFIG: config }, cwd: dir.path });
  await mirror("archive", "sources.list", "all.tar", "sync-1");
  await mirror("archive", "sources.list", "all-load.tar", "sync-1", "--manifest-json");
  await mirror("archive", "sources.list", "all-load.tar.gz", "--manifest-json", "--compression", "gzip");
  await mirror("archive", "sources.list", "all-load.tar.zst", "--manifest-json", "--compression", "zstd");
  await mirror("serialize", nameOf(tool), "tool.tar");
  await mirror("serialize", nameOf(tool), "tool-load.tar", "--manifest-json");
  await mirror("serialize", nameOf(docker), "docker.tar");
  await mirror("serialize", nameOf(multi), "multi.tar");
});
afterAll(() => dir[Symbol.asyncDispose]());

/** All images of the list under their own names, and nothing else that has a name. */
function expectAll(loaded: readonly LoadedImage[]): void {
  const named = loaded.flatMap(({ names, id }) => names.map((name) => `${name} ${id}`));
  expect(named.sort()).toEqual(images.map((image) => `${nameOf(image)} ${idOf(image)}`).sort());
  // The other platforms: two in arm64, and the one beside them in the index of indexes.
  expect(loaded.filter(({ names }) => names.length === 0)).toHaveLength(3);
}

describe("podman", () => {
  for (const archive of ["all-load.tar", "all-load.tar.zst"]) {
    testNeeding(podmanNeeds, `load finds every image that manifest.json of ${archive} names`, async () => {
      await using podman = await openPodman();
      await podman.run("load", "-i", dir.file(archive));
      expectAll(await podman.images());
    });
  }

  for (const [archive, image] of [
    ["tool.tar", tool],
    ["docker.tar", docker],
  ] as const) {
    testNeeding(podmanNeeds, `load needs no manifest.json for the one image of ${archive}`, async () => {
      await using podman = await openPodman();
      await podman.run("load", "-i", dir.file(archive));
      // The archive knows its tag only: podman takes that for a name.
      const name = `localhost/${image.tag}:latest`;
      expect(await podman.images()).toEqual([{ names: [name], id: idOf(image) }]);
      const digest = await podman.run("image", "inspect", "--format", "{{.Digest}}", name);
      expect(digest.trim()).toBe(image.artifact.root.digest);
    });
  }

  testNeeding(podmanNeeds, "pull takes the image of an archive by its own name, with its files", async () => {
    await using podman = await openPodman();
    await podman.run("pull", `docker-archive:${dir.file("tool-load.tar")}`);
    expect(await podman.images()).toEqual([{ names: [nameOf(tool)], id: idOf(tool) }]);
    const files = (await podman.run("image", "mount", nameOf(tool))).trim();
    expect(await Bun.file(`${files}/etc/seed`).text()).toBe("tool/1\n");
  });

  testNeeding(podmanNeeds, "pull takes single images from an archive of many, packed or not", async () => {
    await using podman = await openPodman();
    await podman.run("pull", `oci-archive:${dir.file("all.tar")}:${nameOf(tool)}`);
    await podman.run("pull", `oci-archive:${dir.file("all-load.tar.gz")}:${nameOf(multi)}`);
    // Docker's media types are not looked for in a layout.
    await podman.run("pull", `docker-archive:${dir.file("all-load.tar")}:${nameOf(docker)}`);
    const loaded = await podman.images();
    expect(loaded.flatMap(({ names }) => names).sort()).toEqual([docker, multi, tool].map(nameOf));
    const digest = await podman.run("image", "inspect", "--format", "{{.Digest}}", nameOf(tool));
    expect(digest.trim()).toBe(tool.artifact.root.digest);
  });

  testNeeding(
    podmanNeeds,
    "pull takes this machine's platform of an index that is alone in its archive",
    async () => {
      await using podman = await openPodman();
      await podman.run("pull", "--arch", "amd64", `oci-archive:${dir.file("multi.tar")}:${multi.tag}`);
      expect((await podman.images()).map(({ id }) => id)).toEqual([idOf(multi)]);
    },
  );
});

describe("containerd", () => {
  testNeeding(
    containerdNeeds,
    "ctr imports every image of a list by its name, no manifest.json asked",
    async () => {
      await using containerd = await openContainerd();
      await containerd.ctr("images", "import", "--no-unpack", dir.file("all.tar"));
      const listed = await containerd.ctr("images", "ls");
      for (const image of placed) {
        expect(listed).toMatch(new RegExp(`^${nameOf(image)} .*${image.artifact.root.digest} `, "m"));
      }
    },
  );

  testNeeding(
    containerdNeeds,
    "ctr imports and unpacks a single image, under the name it is told",
    async () => {
      await using containerd = await openContainerd();
      const base = "reg.example.com/library/tool";
      await containerd.ctr("images", "import", "--base-name", base, dir.file("tool.tar"));
      expect((await containerd.ctr("images", "ls", "-q")).trim()).toBe(nameOf(tool));
      const checked = await containerd.ctr("images", "check");
      expect(checked).toMatch(/complete \(4\/4\).*true/);
    },
  );
});

describe("Docker", () => {
  // zstd is for Docker 23 and later, which Debian 12 does not have.
  for (const archive of ["all-load.tar", "all-load.tar.gz"]) {
    testNeeding(dockerNeeds, `load finds every image that manifest.json of ${archive} names`, async () => {
      await using daemon = await openDocker();
      await daemon.load(dir.file(archive));
      expectAll(await daemon.images());
    });
  }

  testNeeding(dockerNeeds, "load gives a single image its name", async () => {
    await using daemon = await openDocker();
    await daemon.load(dir.file("tool-load.tar"));
    expect(await daemon.images()).toEqual([{ names: [nameOf(tool)], id: idOf(tool) }]);
  });
});
