/** -p with --platform-mode sparse and rebuild, the whole way: the image stays one, what is left out is not missed, what is lost is. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { sourceDigest, sparsePlatforms } from "../../src/oci/annotations.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { startFaultProxy } from "../support/fault-proxy.ts";
import {
  type Artifact,
  attachmentOf,
  chartOf,
  imageOf,
  indexOf,
  multiArchOf,
  sbomOf,
} from "../support/images.ts";
import { program, testNeeding } from "../support/needs.ts";
import { childrenOf, fetchManifest, pushArtifact, walkImage } from "../support/push.ts";
import {
  distribution3,
  dockerRegistry,
  embeddedRegistry,
  type RegistryKind,
  type RunningRegistry,
  startDistribution,
  startEmbedded,
} from "../support/registries.ts";
import { type RunResult, runBinary, runOk, writeConfig } from "../support/run-binary.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { tarParts } from "./tar-blocks.ts";

setDefaultTimeout(60_000);

const arm64 = { architecture: "arm64", os: "linux" };
const multi = multiArchOf("modes/multi");
const [ofAmd64, ofArm64, attestation] = multi.manifests.map(({ descriptor }) => descriptor);
if (ofAmd64 === undefined || ofArm64 === undefined || attestation === undefined)
  throw new Error("no platforms");
const list = indexOf(
  [
    imageOf({ seed: "modes/list/amd64", docker: true, platform: { architecture: "amd64", os: "linux" } }),
    imageOf({ seed: "modes/list/arm64", docker: true, platform: arm64 }),
  ],
  { docker: true },
);
const onlyArm = indexOf([imageOf({ seed: "modes/arm", platform: arm64 })]);
const nested = indexOf([multiArchOf("modes/nested"), onlyArm]);
const single = imageOf({ seed: "modes/single" });
const chart = chartOf("modes", "1.0.0");
/** Refers to the index as a whole, as a signature does. */
const signature = attachmentOf("application/vnd.example.signature", Buffer.from("signed"), {
  subject: multi.root,
});
const noteOf = (subject: Descriptor) =>
  attachmentOf("application/vnd.example.note", Buffer.from(`about ${subject.digest}`), { subject });

/** One entry says for what it is, the other does not. */
const halfNamed = indexOf([imageOf({ seed: "modes/plain" }), multiArchOf("modes/half"), onlyArm]);

const images: Readonly<Record<string, Artifact>> = { multi, list, nested, single, chart };

/** A low side with images, a registry to gather into, and one to scatter into. */
class World implements AsyncDisposable {
  private constructor(
    readonly low: RunningRegistry,
    readonly mid: RunningRegistry,
    readonly high: RunningRegistry,
    readonly dir: TempDir,
    readonly config: string,
  ) {}

  static async open(
    startMid: () => Promise<RunningRegistry>,
    startHigh: () => Promise<RunningRegistry>,
    more: readonly Artifact[] = [],
  ): Promise<World> {
    const [low, mid, high, dir] = await Promise.all([startEmbedded(), startMid(), startHigh(), tempDir()]);
    const config = await writeConfig(dir.file("config.yaml"), {
      "low.example.com": low.origin,
      "mid.example.com": mid.origin,
      "high.example.com": high.origin,
    });
    for (const [name, image] of Object.entries(images)) await pushArtifact(low.origin, name, image, "v1");
    for (const artifact of more) await pushArtifact(low.origin, "multi", artifact);
    return new World(low, mid, high, dir, config);
  }

  run(...args: string[]): Promise<RunResult> {
    return runBinary(["mirror", ...args], { env: { ACE_DT_CONFIG: this.config }, cwd: this.dir.path });
  }

  ok(...args: string[]): Promise<RunResult> {
    return runOk(["mirror", ...args], { env: { ACE_DT_CONFIG: this.config }, cwd: this.dir.path });
  }

  async list(...names: string[]): Promise<string> {
    await Bun.write(
      this.dir.file("sources.list"),
      names.map((name) => `low.example.com/${name}:v1\n`).join(""),
    );
    return "sources.list";
  }

  /** Gathers for linux/amd64. */
  async gather(names: readonly string[], ...flags: string[]): Promise<RunResult> {
    return this.run("gather", await this.list(...names), "mid.example.com/all:sync", ...flags);
  }

  /** The entries of the gather index by source. */
  async entries(): Promise<Map<string, Descriptor>> {
    const { bytes } = await fetchManifest(this.mid.origin, "all", "sync");
    const { annotations } = JSON.parse(Buffer.from(bytes).toString());
    const extra: Descriptor[] = JSON.parse(annotations["vnd.act3-ace.data.extra-manifests"] ?? "[]");
    return new Map(
      [...childrenOf(bytes), ...extra].map((entry) => [
        (entry.annotations?.["vnd.act3-ace.manifest.source"] ?? "").replace(/.*\/(.*):v1/, "$1"),
        entry,
      ]),
    );
  }

  /** Serialize, deserialize with every check, scatter. */
  async carry(...flags: string[]): Promise<void> {
    await this.ok("serialize", "mid.example.com/all:sync", "a.tar", "--force", ...flags);
    await this.ok("deserialize", "a.tar", "high.example.com/all:sync", "--dry-run", "--strict");
    await this.ok("deserialize", "a.tar", "high.example.com/all:sync", "--strict");
    await this.ok("scatter", "high.example.com/all:sync", "nest=high.example.com/mirror", ...flags);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [this.low, this.mid, this.high, this.dir]) await each[Symbol.asyncDispose]();
  }
}

const sparseEmbedded = () => startEmbedded(["--sparse-indexes"]);
const amd64Flags = (mode: string) => ["-p", "linux/amd64", "--platform-mode", mode];

async function isThere(origin: string, repository: string, digest: Digest): Promise<boolean> {
  return (await fetch(`${origin}/v2/${repository}/manifests/${digest}`, { method: "HEAD" })).status === 200;
}

describe("--platform-mode sparse", () => {
  test("keeps the index's digest the whole way, and leaves the other platforms where they are", async () => {
    const note = noteOf(ofAmd64);
    const unwanted = noteOf(ofArm64);
    await using world = await World.open(sparseEmbedded, sparseEmbedded, [signature, note, unwanted]);
    const { code, stderr } = await world.gather(Object.keys(images), "-r", ...amd64Flags("sparse"));
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("Cannot")]);
    const entries = await world.entries();
    for (const [name, { root }] of Object.entries(images))
      expect(entries.get(name)?.digest).toBe(root.digest);
    for (const name of ["multi", "list", "nested"])
      expect(entries.get(name)?.annotations?.[sparsePlatforms]).toBe("linux/amd64");
    for (const name of ["single", "chart"])
      expect(Object.keys(entries.get(name)?.annotations ?? {})).not.toContain(sparsePlatforms);
    await world.carry("-r");
    const where = "mirror/low.example.com";
    for (const [origin, repository] of [
      [world.mid.origin, "all"],
      [world.high.origin, "all"],
      [world.high.origin, `${where}/multi`],
    ] as const) {
      for (const { digest } of [ofAmd64, attestation, signature.root, note.root])
        await walkImage(origin, repository, digest);
      expect(await isThere(origin, repository, ofArm64.digest)).toBe(false);
      expect(await isThere(origin, repository, unwanted.root.digest)).toBe(false);
    }
    for (const [name, { root }] of Object.entries(images))
      expect((await fetchManifest(world.high.origin, `${where}/${name}`, "v1")).descriptor.digest).toBe(
        root.digest,
      );
  });

  test("moves nothing the second time, and what was left out when it is wanted after all", async () => {
    await using world = await World.open(sparseEmbedded, sparseEmbedded);
    const names = ["multi", "nested"];
    await world.gather(names, ...amd64Flags("sparse"));
    const again = await world.gather(names, ...amd64Flags("sparse"));
    expect(again.stderr).toContain("gather: 2 images, 0 blobs, 0 B moved");
    await world.gather(names, "-p", "linux/amd64,linux/arm64", "--platform-mode", "sparse");
    for (const { digest } of [ofAmd64, ofArm64]) await walkImage(world.mid.origin, "all", digest);
    await world.gather(names, ...amd64Flags("sparse"));
    expect((await world.gather(names)).code).toBe(0);
    for (const name of names) await walkImage(world.mid.origin, "all", images[name]?.root.digest ?? "");
  });

  test("brings everything when all of a sparse gather's images are gathered whole", async () => {
    await using world = await World.open(sparseEmbedded, sparseEmbedded);
    await world.gather(["multi"], ...amd64Flags("sparse"));
    expect(await isThere(world.mid.origin, "all", ofArm64.digest)).toBe(false);
    const whole = await world.gather(["multi"]);
    expect([whole.code, whole.stderr]).toEqual([0, expect.not.stringContaining("0 B moved")]);
    await walkImage(world.mid.origin, "all", multi.root.digest);
    expect(Object.keys((await world.entries()).get("multi")?.annotations ?? {})).not.toContain(
      sparsePlatforms,
    );
  });

  test("an archive that has lost something else is found out", async () => {
    await using world = await World.open(sparseEmbedded, startEmbedded);
    await world.gather(["multi", "single"], ...amd64Flags("sparse"));
    await world.ok("serialize", "mid.example.com/all:sync", "a.tar");
    const archive = await Bun.file(world.dir.file("a.tar")).bytes();
    const parts = tarParts(archive);
    const blobs = parts.filter(({ name }) => /^blobs\/sha256\/./.test(name)).slice(1);
    expect(blobs.length).toBeGreaterThan(8);
    for (const lost of blobs) {
      const at = parts.indexOf(lost);
      const start = parts[at - 1]?.end ?? 0;
      const bytes = Buffer.concat([archive.subarray(0, start), archive.subarray(lost.end)]);
      await Bun.write(world.dir.file("lost.tar"), bytes);
      const { code, stderr } = await world.run(
        "deserialize",
        "lost.tar",
        "high.example.com/all:sync",
        "--dry-run",
      );
      expect([lost.name, code]).toEqual([lost.name, 6]);
      expect(stderr).toContain(lost.name.slice("blobs/sha256/".length));
    }
  });

  const whatToDo = /--platform-mode rebuild/;
  const refusing: readonly RegistryKind[] = [embeddedRegistry, dockerRegistry, distribution3];
  for (const kind of refusing) {
    testNeeding([kind.need], `is refused by ${kind.name} with one error that says what to do`, async () => {
      await using world = await World.open(kind.start, kind.start);
      const { code, stderr } = await world.gather(["multi"], ...amd64Flags("sparse"));
      expect(code).toBe(5);
      expect(stderr).toContain("Cannot push low.example.com/multi:v1 as a sparse index");
      expect(stderr).toContain("mid.example.com/all");
      expect(stderr).toMatch(whatToDo);
      expect(stderr.match(whatToDo)).toHaveLength(1);
    });
  }

  test("is refused at the high side, by deserialize and scatter alike, with the same error", async () => {
    await using world = await World.open(sparseEmbedded, startEmbedded);
    await world.gather(["multi"], ...amd64Flags("sparse"));
    await world.ok("serialize", "mid.example.com/all:sync", "a.tar");
    for (const args of [
      ["deserialize", "a.tar", "high.example.com/all:sync"],
      ["scatter", "mid.example.com/all:sync", "nest=high.example.com/mirror"],
    ]) {
      const { code, stderr } = await world.run(...args);
      expect([args[0], code]).toEqual([args[0], 5]);
      expect(stderr).toContain("Cannot push low.example.com/multi:v1 as a sparse index");
      expect(stderr).toContain("high.example.com/");
      expect(stderr).toMatch(whatToDo);
    }
  });

  testNeeding(
    [distribution3.need],
    "is taken by distribution 3 with the setting that the error names",
    async () => {
      const setting = "validation: { manifests: { indexes: { platforms: none } } }";
      const start = () => startDistribution("registry", setting);
      await using world = await World.open(start, start);
      expect((await world.gather(["multi", "list", "nested"], ...amd64Flags("sparse"))).code).toBe(0);
      await world.carry();
      const tagged = await fetchManifest(world.high.origin, "mirror/low.example.com/multi", "v1");
      expect(tagged.descriptor.digest).toBe(multi.root.digest);
    },
  );
});

describe("--platform-mode rebuild", () => {
  for (const kind of [embeddedRegistry, dockerRegistry, distribution3]) {
    testNeeding(
      [kind.need],
      `makes a smaller index that goes the whole way through ${kind.name}`,
      async () => {
        await using world = await World.open(kind.start, kind.start);
        expect((await world.gather(Object.keys(images), ...amd64Flags("rebuild"))).code).toBe(0);
        const entries = await world.entries();
        for (const name of ["single", "chart"])
          expect(entries.get(name)?.digest).toBe(images[name]!.root.digest);
        const first = (await fetchManifest(world.mid.origin, "all", "sync")).descriptor.digest;
        const again = await world.gather(Object.keys(images), ...amd64Flags("rebuild"));
        expect(again.stderr).toContain("gather: 5 images, 0 blobs, 0 B moved");
        expect((await fetchManifest(world.mid.origin, "all", "sync")).descriptor.digest).toBe(first);
        await world.carry();
        for (const name of Object.keys(images)) {
          const repository = `mirror/low.example.com/${name}`;
          const { root } = await walkImage(world.high.origin, repository, "v1");
          expect(root.digest).toBe(entries.get(name)!.digest);
          expect(await isThere(world.high.origin, repository, ofArm64.digest)).toBe(false);
        }
        for (const [name, kept] of [
          ["multi", [ofAmd64.digest, attestation.digest]],
          ["list", [list.manifests[0]!.descriptor.digest]],
        ] as const) {
          const { bytes, descriptor } = await fetchManifest(
            world.high.origin,
            `mirror/low.example.com/${name}`,
            "v1",
          );
          expect(childrenOf(bytes).map(({ digest }) => digest)).toEqual([...kept]);
          expect(descriptor.mediaType).toBe(images[name]!.root.mediaType);
          expect(JSON.parse(Buffer.from(bytes).toString()).annotations[sourceDigest]).toBe(
            images[name]!.root.digest,
          );
          expect(entries.get(name)?.annotations?.[sourceDigest]).toBe(images[name]!.root.digest);
        }
      },
    );
  }

  test("rebuilds an index inside an index, and drops one in which nothing is wanted", async () => {
    await using world = await World.open(startEmbedded, startEmbedded);
    await world.gather(["nested"], ...amd64Flags("rebuild"));
    const outer = await fetchManifest(
      world.mid.origin,
      "all",
      (await world.entries()).get("nested")?.digest ?? "",
    );
    const [inner, ...others] = childrenOf(outer.bytes);
    expect(others).toEqual([]);
    const rebuilt = JSON.parse(
      Buffer.from((await fetchManifest(world.mid.origin, "all", inner!.digest)).bytes).toString(),
    );
    expect(rebuilt.annotations[sourceDigest]).toBe(multiArchOf("modes/nested").root.digest);
    expect(rebuilt.manifests).toHaveLength(2);
  });

  test("brings with -r what refers to what stays, and to the index it was made from", async () => {
    const note = noteOf(ofAmd64);
    const unwanted = noteOf(ofArm64);
    const about = sbomOf(attachmentOf("x/y", Buffer.from("z")));
    await using world = await World.open(startEmbedded, startEmbedded, [signature, note, unwanted, about]);
    expect((await world.gather(["multi"], "-r", ...amd64Flags("rebuild"))).code).toBe(0);
    expect((await world.gather(["multi"], "-r", ...amd64Flags("rebuild"))).stderr).toContain(" 0 B moved");
    await world.carry("-r");
    const repository = "mirror/low.example.com/multi";
    for (const [origin, name] of [
      [world.mid.origin, "all"],
      [world.high.origin, repository],
    ] as const) {
      for (const { root } of [note, signature]) await walkImage(origin, name, root.digest);
      for (const { root } of [unwanted, about]) expect(await isThere(origin, name, root.digest)).toBe(false);
      const referrers = await (await fetch(`${origin}/v2/${name}/referrers/${multi.root.digest}`)).bytes();
      expect(childrenOf(referrers).map(({ digest }) => digest)).toEqual([signature.root.digest]);
    }
  });

  test("leaves an index whose platforms are all wanted as it is", async () => {
    await using world = await World.open(startEmbedded, startEmbedded);
    for (const mode of ["rebuild", "sparse"]) {
      await world.gather(["multi"], "-p", "linux/amd64", "-p", "linux/arm64/v8", "--platform-mode", mode);
      const entry = (await world.entries()).get("multi");
      expect(entry?.digest).toBe(multi.root.digest);
      expect(Object.keys(entry?.annotations ?? {}).filter((key) => key.startsWith("data."))).toEqual([]);
    }
  });

  testNeeding([program("skopeo")], "makes indexes that skopeo reads", async () => {
    await using world = await World.open(startEmbedded, startEmbedded);
    await world.gather(["multi", "list", "nested"], ...amd64Flags("rebuild"));
    await world.ok("scatter", "mid.example.com/all:sync", "nest=high.example.com");
    for (const name of ["multi", "list"]) {
      const image = `docker://${world.high.host}/low.example.com/${name}:v1`;
      const command = [
        "skopeo",
        "copy",
        "-q",
        "--src-tls-verify=false",
        "--all",
        image,
        `dir:${world.dir.file(name)}`,
      ];
      const copy = Bun.spawnSync(command, { stderr: "pipe" });
      expect([name, copy.stderr.toString()]).toEqual([name, ""]);
      expect(copy.exitCode).toBe(0);
    }
  });
});

test("a rebuilt image that was named by its digest is scattered under its new one", async () => {
  await using world = await World.open(startEmbedded, startEmbedded);
  await Bun.write(world.dir.file("digest.list"), `low.example.com/multi@${multi.root.digest}\n`);
  await world.ok("gather", "digest.list", "mid.example.com/all:sync", ...amd64Flags("rebuild"));
  await world.ok("scatter", "mid.example.com/all:sync", "nest=high.example.com");
  const [entry] = childrenOf((await fetchManifest(world.mid.origin, "all", "sync")).bytes);
  await walkImage(world.high.origin, "low.example.com/multi", entry!.digest);
});

for (const mode of ["sparse", "rebuild"]) {
  describe(`with --platform-mode ${mode}`, () => {
    test("an image without the platform is an error that says what there is", async () => {
      await using world = await World.open(sparseEmbedded, startEmbedded);
      const { code, stderr } = await world.gather(
        ["multi"],
        "-p",
        "linux/s390x,windows/amd64",
        "--platform-mode",
        mode,
      );
      expect(code).toBe(5);
      expect(stderr).toContain("low.example.com/multi:v1: it has no image for linux/s390x or windows/amd64");
      expect(stderr).toContain("It has: linux/amd64, linux/arm64/v8.");
      const deep = await world.gather(["nested"], "-p", "linux/s390x", "--platform-mode", mode);
      expect([deep.code, deep.stderr]).toEqual([5, expect.stringContaining("linux/arm64/v8")]);
    });

    test("entries that name no platform are left out with a warning", async () => {
      await using world = await World.open(sparseEmbedded, startEmbedded);
      await pushArtifact(world.low.origin, "half", halfNamed, "v1");
      const { code, stderr } = await world.gather(["half", "multi"], ...amd64Flags(mode));
      expect(code).toBe(0);
      expect(stderr).toContain("low.example.com/half:v1: 1 entry that names no platform left out");
      expect(stderr).not.toContain("multi:v1:");
    });

    test("a registry that counts pulls counts one for each manifest", async () => {
      await using world = await World.open(sparseEmbedded, startEmbedded);
      await using door = await startFaultProxy({ upstream: world.low.origin });
      const config = await writeConfig(world.dir.file("door.yaml"), {
        "low.example.com": door.url,
        "mid.example.com": world.mid.origin,
      });
      await world.list("multi", "nested");
      const gather = ["gather", "sources.list", "mid.example.com/all:sync", "--config", config];
      await world.ok(...gather, ...amd64Flags(mode));
      const pulls = door.requests.filter(
        ({ method, path }) => method === "GET" && path.includes("/manifests/"),
      );
      expect(pulls.length).toBeGreaterThan(4);
      expect(new Set(pulls.map(({ path }) => path)).size).toBe(pulls.length);
    });

    test("a gather index can be gathered itself, and knows what is left out on purpose", async () => {
      await using world = await World.open(sparseEmbedded, sparseEmbedded);
      await world.gather(["multi", "single"], ...amd64Flags(mode));
      await Bun.write(world.dir.file("outer.list"), "mid.example.com/all:sync\n");
      await world.ok("gather", "outer.list", "high.example.com/outer:sync");
      await world.ok("serialize", "high.example.com/outer:sync", "outer.tar");
      await world.ok("deserialize", "outer.tar", "high.example.com/again:sync", "--strict");
      await walkImage(world.high.origin, "again", ofAmd64.digest);
      expect(await isThere(world.high.origin, "again", ofArm64.digest)).toBe(false);
    });

    test("an image in no index is judged by its config, an artifact is taken", async () => {
      await using world = await World.open(sparseEmbedded, startEmbedded);
      expect((await world.gather(["single", "chart"], ...amd64Flags(mode))).code).toBe(0);
      const other = await world.gather(["single"], "-p", "linux/arm64", "--platform-mode", mode);
      expect([other.code, other.stderr]).toEqual([5, expect.stringContaining("It has: linux/amd64")]);
      expect((await world.gather(["chart"], "-p", "linux/arm64", "--platform-mode", mode)).code).toBe(0);
      expect((await world.gather(["single"], "-p", "linux/arm64")).code).toBe(0);
    });

    test("clone leaves what gather and scatter leave", async () => {
      await using world = await World.open(sparseEmbedded, sparseEmbedded, [signature]);
      const names = ["multi", "list", "nested", "single"];
      await world.gather(names, "-r", ...amd64Flags(mode));
      const clone = ["clone", "sources.list", "nest=high.example.com", "-r", ...amd64Flags(mode)];
      await world.ok(...clone);
      for (const name of names) {
        const there = await fetchManifest(world.high.origin, `low.example.com/${name}`, "v1");
        expect(there.descriptor.digest).toBe((await world.entries()).get(name)!.digest);
      }
      const repository = "low.example.com/multi";
      for (const { digest } of [ofAmd64, signature.root])
        await walkImage(world.high.origin, repository, digest);
      expect(await isThere(world.high.origin, repository, ofArm64.digest)).toBe(false);
      expect((await world.ok(...clone)).stderr).toContain(" 0 B moved");
    });

    test("--index-fallback puts the index aside, and everything follows it", async () => {
      await using world = await World.open(sparseEmbedded, sparseEmbedded);
      const names = ["multi", "list", "single"];
      expect((await world.gather(names, "--index-fallback", ...amd64Flags(mode))).code).toBe(0);
      const { bytes } = await fetchManifest(world.mid.origin, "all", "sync");
      expect(childrenOf(bytes)).toHaveLength(1);
      const entries = await world.entries();
      await world.carry();
      for (const name of names) {
        const tagged = await fetchManifest(world.high.origin, `mirror/low.example.com/${name}`, "v1");
        expect(tagged.descriptor.digest).toBe(entries.get(name)!.digest);
      }
      expect((await world.gather(names, "--index-fallback", ...amd64Flags(mode))).stderr).toContain(
        " 0 B moved",
      );
    });
  });
}

test("--platform-mode takes three words only", async () => {
  const { code, stderr } = await runBinary([
    "mirror",
    "gather",
    "x",
    "reg.example.com/y:z",
    "--platform-mode",
    "thin",
  ]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("want original, sparse, rebuild")]);
});
