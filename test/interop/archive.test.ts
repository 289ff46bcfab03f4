/** `mirror archive`: byte for byte what gather and serialize make, with no registry in the middle. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { start, until } from "../faults/running.ts";
import { openWorld, plainImage, type World } from "../faults/world.ts";
import { embedded } from "../support/embedded.ts";
import { type Artifact, attachmentOf, imageOf, layerOf, multiArchOf, sbomOf } from "../support/images.ts";
import { testNeeding } from "../support/needs.ts";
import { originalFile, pushOriginalSources, tarEntries } from "../support/original.ts";
import { pushArtifact, walkImage } from "../support/push.ts";
import { dockerRegistry, embeddedRegistry } from "../support/registries.ts";
import { runOk, writeConfig } from "../support/run-binary.ts";
import { skopeoCopy, skopeoNeed } from "../support/skopeo.ts";
import { pushPlaced, sourcesList, standardImages } from "../support/standard-images.ts";
import { tempDir } from "../support/temp-dir.ts";
import { isBlobRead, isUpload, lines } from "./counting-world.ts";

setDefaultTimeout(120_000);

const placed = standardImages();
const base = layerOf("base", 3000);
/** In the high registry, so that an archive has sources in two; it shares a layer with those in the low one. */
const elsewhere = imageOf({ seed: "archive/elsewhere", layers: 1, layerBytes: 2000, sharedLayers: [base] });

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await pushPlaced(world.low.origin, placed);
  await pushArtifact(world.high.origin, "other/app", elsewhere, "v1");
  await pushArtifact(world.high.origin, "other/app", sbomOf(elsewhere));
  const list = sourcesList("low.test", placed);
  // Not in the order of the index; one image under two names.
  await Bun.write(
    world.dir.file("list"),
    `high.test/other/app:v1,where=high\n${list}low.test/library/tool@${placed[1]!.artifact.root.digest}\n`,
  );
});
afterAll(() => world[Symbol.asyncDispose]());

async function ok(...args: string[]): Promise<void> {
  const result = await world.run(["mirror", ...args], { cwd: world.dir.path });
  expect({ args, code: result.code, stderr: result.stderr }).toMatchObject({ code: 0 });
}

const read = (name: string) => readFileSync(world.dir.file(name));

/** Which flags belong to gather, which to serialize. */
const rows: [string, string[], string[]][] = [
  ["without flags", [], []],
  ["-r", ["-r"], ["-r"]],
  ["-a", ["-a", "who=me,org.opencontainers.image.title=all"], []],
  ["--index-fallback", ["--index-fallback"], []],
  ["-p in mode original", ["-p", "linux/amd64,linux/arm64"], []],
  ["-p --platform-mode rebuild -r", ["-p", "linux/amd64", "--platform-mode", "rebuild", "-r"], ["-r"]],
  ["--manifest-json", [], ["--manifest-json"]],
  ["EXISTING-IMAGE", [], ["low.test/library/tool:v1", "low.test/library/multi:v2"]],
  ["--compression gzip", [], ["--compression", "gzip"]],
];

describe("archive writes the bytes of gather and serialize", () => {
  for (const [at, [name, gather, serialize]] of rows.entries()) {
    test(name, async () => {
      const list = name.startsWith("-p") ? "list.platforms" : "list";
      await Bun.write(
        world.dir.file("list.platforms"),
        "low.test/library/multi:v2\nlow.test/charts/app:0.1.0\nhigh.test/other/app:v1\n",
      );
      const image = `sound.test/all-${at}:sync-1`;
      const [first, second, third] = [`a-${at}.tar`, `b-${at}.tar`, `c-${at}.ledger`];
      await ok("gather", list, image, ...gather);
      await ok("serialize", image, first, ...serialize, "--checkpoint", `${third}.1`);
      await ok(
        "archive",
        list,
        second,
        ...new Set([...gather, ...serialize]),
        "--reference",
        "sync-1",
        "--checkpoint",
        `${third}.2`,
      );
      expect(read(second).equals(read(first))).toBe(true);
      expect(read(`${third}.2`).equals(read(`${third}.1`))).toBe(true);
    });
  }

  test("the sparse mode too, where the registry in the middle takes such indexes", async () => {
    await using sparse = await embedded({ sparseIndexes: true });
    const config = await writeConfig(world.dir.file("sparse.yaml"), {
      "low.test": world.low.origin,
      "mid.test": sparse.origin,
    });
    await Bun.write(world.dir.file("list.multi"), "low.test/library/multi:v2\nlow.test/library/nested:v1\n");
    const flags = ["-p", "linux/arm64", "--platform-mode", "sparse"];
    const env = { ACE_DT_CONFIG: config };
    const run = (...args: string[]) => runOk(["mirror", ...args], { env, cwd: world.dir.path });
    await run("gather", "list.multi", "mid.test/all:latest", ...flags);
    await run("serialize", "mid.test/all:latest", "s-1.tar");
    await run("archive", "list.multi", "s-2.tar", ...flags);
    expect(read("s-2.tar").equals(read("s-1.tar"))).toBe(true);
  });

  test("the tag may be the last argument, behind existing images", async () => {
    await ok("archive", "list", "t-1.tar", "--reference", "sync-7", "low.test/library/tool:v1");
    await ok("archive", "list", "t-2.tar", "low.test/library/tool:v1", "sync-7");
    expect(read("t-2.tar").equals(read("t-1.tar"))).toBe(true);
    expect(read("t-2.tar").toString("latin1")).toContain('"org.opencontainers.image.ref.name": "sync-7"');
  });

  test("standard output and a list on standard input", async () => {
    const stdin = Bun.file(world.dir.file("list"));
    const { stdoutBytes, code } = await world.run(["mirror", "archive", "-", "-"], { stdin });
    expect(code).toBe(0);
    await ok("archive", "list", "stdout.tar");
    expect(Buffer.from(stdoutBytes).equals(read("stdout.tar"))).toBe(true);
  });
});

test("the original's archive of the same sources has the same manifests and blobs", async () => {
  await using dir = await tempDir();
  await using registry = await embeddedRegistry.start();
  await pushOriginalSources(registry.origin);
  const config = await writeConfig(dir.file("config.yaml"), { "reg.example.com": registry.origin });
  const original = await tarEntries(originalFile("serialize.tar"));
  const list = await Bun.file(originalFile("sources.list")).text();
  await Bun.write(dir.file("list"), list);
  await runOk(["mirror", "archive", "list", "ours.tar", "sync-1", "--config", config], { cwd: dir.path });
  const ours = await tarEntries(dir.file("ours.tar"));
  const below = (entries: Map<string, Uint8Array[]>) =>
    [...entries.keys()].filter((name) => name.startsWith("blobs/")).slice(1);
  // The first is the index, which says which tool wrote it.
  expect(below(ours)).toEqual(below(original));
});

describe("what an archive costs", () => {
  test("each blob is read once from its own registry, and nothing is pushed", async () => {
    const [low, high] = [world.lowProxy.requests.length, world.highProxy.requests.length];
    await ok("archive", "list", "cost.tar");
    const asked = [...world.lowProxy.requests.slice(low), ...world.highProxy.requests.slice(high)];
    const reads = lines(asked.filter(isBlobRead));
    expect(reads).toHaveLength(new Set(reads.map((line) => line.replace(/.*blobs/, ""))).size);
    expect(lines(asked.filter(isUpload))).toEqual([]);
    expect(asked.filter(({ method }) => method === "PUT" || method === "POST")).toEqual([]);
  });

  test("referrers of one image in two repositories all come along", async () => {
    const image = imageOf({ seed: "archive/twice" });
    const noteOf = (text: string) =>
      attachmentOf("application/vnd.example.note", Buffer.from(text), { subject: image.root });
    for (const name of ["one", "two"]) {
      await pushArtifact(world.low.origin, `twice/${name}`, image, "v1");
      await pushArtifact(world.low.origin, `twice/${name}`, noteOf(name));
    }
    await Bun.write(world.dir.file("twice"), "low.test/twice/one:v1\nlow.test/twice/two:v1\n");
    await ok("archive", "twice", "twice.tar", "-r");
    await ok("deserialize", "twice.tar", "high.test/twice/all:v1", "--strict");
    for (const name of ["one", "two"])
      expect(await world.highHas("twice/all", noteOf(name).root.digest)).toBe(true);
  });
});

describe("what fails", () => {
  test("all sources that cannot be had are named, and nothing is begun", async () => {
    await Bun.write(world.dir.file("wrong"), "low.test/no/a:1\nlow.test/library/base:v3\nlow.test/no/b:1\n");
    const { code, stderr } = await world.run(["mirror", "archive", "wrong", world.dir.file("wrong.tar")], {
      cwd: world.dir.path,
    });
    expect({ code, stderr }).toMatchObject({ code: 5 });
    expect(stderr).toContain("Cannot archive 2 of 3 images");
    for (const name of ["low.test/no/a:1", "low.test/no/b:1"]) expect(stderr).toContain(name);
    expect(existsSync(world.dir.file("wrong.tar"))).toBe(false);
  });

  test("a manifest below a source that is missing is found before the first byte", async () => {
    const multi = multiArchOf("archive/hole");
    await pushArtifact(world.low.origin, "hole/app", multi, "v1");
    const child = multi.manifests[0]!.descriptor.digest;
    world.lowProxy.setRules([{ path: new RegExp(`hole/app/manifests/${child}`), answer: { status: 404 } }]);
    await Bun.write(world.dir.file("hole"), "low.test/hole/app:v1\nlow.test/library/base:v3\n");
    const { code, stderr } = await world.run(["mirror", "archive", "hole", "hole.tar"], {
      cwd: world.dir.path,
    });
    world.lowProxy.setRules([]);
    expect({ code, stderr }).toMatchObject({ code: 5 });
    expect(stderr).toContain(child);
    expect(existsSync(world.dir.file("hole.tar"))).toBe(false);
  });

  test("a flipped byte in a blob ends with 6, and the file has no end", async () => {
    const image = plainImage("archive/flipped", [70_000]);
    await pushArtifact(world.low.origin, "flip/app", image, "v1");
    world.lowProxy.setRules([
      { path: new RegExp(`blobs/${image.blobs[1]!.descriptor.digest}`), flipByte: 999 },
    ]);
    await Bun.write(world.dir.file("flip"), "low.test/flip/app:v1\n");
    const { code } = await world.run(["mirror", "archive", "flip", "flip.tar"], { cwd: world.dir.path });
    world.lowProxy.setRules([]);
    expect(code).toBe(6);
    const left = existsSync(world.dir.file("flip.tar")) ? read("flip.tar") : Buffer.alloc(0);
    expect(left.subarray(-1024).equals(Buffer.alloc(1024))).toBe(false);
  });

  test("Ctrl-C ends it with 130; the checkpoint says how to go on, and the second part completes the first", async () => {
    const image: Artifact = plainImage("archive/stopped", [
      ...Array.from({ length: 6 }, () => 300_000),
      900_000,
    ]);
    const last = image.blobs.at(-1)!.descriptor.digest;
    await pushArtifact(world.low.origin, "stop/app", image, "v1");
    await Bun.write(world.dir.file("stop"), "low.test/stop/app:v1\n");
    world.lowProxy.setRules([{ path: new RegExp(`blobs/${last}`), stallAfter: 100_000 }]);
    const since = world.lowProxy.requests.length;
    const args = ["-b", "512", "--checkpoint", "stop.cp"];
    const running = start(world, ["mirror", "archive", "stop", "stop-1.tar", ...args]);
    await until("the last layer is asked for", () =>
      world.lowProxy.requests.slice(since).some(({ path }) => path.includes(last)),
    );
    await until(
      "what is before it is in the file",
      () => existsSync(world.dir.file("stop-1.tar")) && read("stop-1.tar").length > 1_800_000,
    );
    const ended = await running.stop("SIGINT");
    world.lowProxy.setRules([]);
    expect({ code: ended.code, stderr: ended.stderr }).toMatchObject({ code: 130 });
    const good = /--existing-from-checkpoint (\S+)/.exec(ended.stderr)?.[1] ?? "";
    await ok("archive", "stop", "stop-2.tar", "--existing-from-checkpoint", good);
    expect(read("stop-2.tar").length).toBeLessThan(1_100_000);
    const cut = await world.run(["mirror", "deserialize", "stop-1.tar", "high.test/stop/all:v1"], {
      cwd: world.dir.path,
    });
    expect(cut.code).toBe(6);
    await ok("deserialize", "stop-2.tar", "high.test/stop/all:v1");
  });

  for (const [name, words] of [
    ["a tag and --reference", ["sync-1", "--reference", "sync-2"]],
    ["a tag before an image", ["sync-1", "low.test/library/tool:v1"]],
  ] as const) {
    test(`${name} is refused with a sentence and 2`, async () => {
      const { code, stderr } = await world.run(["mirror", "archive", "list", "x.tar", ...words], {
        cwd: world.dir.path,
      });
      expect({ code, stderr }).toMatchObject({ code: 2 });
      expect(stderr).toContain("Cannot tell what the index is to be called");
    });
  }
});

testNeeding(
  [dockerRegistry.need, skopeoNeed],
  "skopeo reads an archive of images in two registries",
  async () => {
    await using docker = await dockerRegistry.start();
    await pushArtifact(docker.origin, "app", imageOf({ seed: "archive/skopeo" }), "v1");
    const config = await writeConfig(world.dir.file("two.yaml"), {
      "high.test": world.high.origin,
      "docker.test": docker.origin,
    });
    await Bun.write(world.dir.file("two"), "docker.test/app:v1\nhigh.test/other/app:v1\n");
    await runOk(["mirror", "archive", "two", "two.tar", "--config", config], { cwd: world.dir.path });
    await skopeoCopy(`oci-archive:${world.dir.file("two.tar")}:latest`, `docker://${docker.host}/back:v1`);
    const { digests } = await walkImage(docker.origin, "back", "v1");
    expect(digests).toContain(elsewhere.root.digest);
  },
);
