/** `mirror unarchive`: out of an archive to places in several registries, each blob read by position, nothing sent twice. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { walkTar } from "../faults/archive-facts.ts";
import { start, until } from "../faults/running.ts";
import { openWorld, plainImage } from "../faults/world.ts";
import { embedded } from "../support/embedded.ts";
import { type FaultProxy, type RecordedRequest, startFaultProxy } from "../support/fault-proxy.ts";
import { attachmentOf, imageOf, layerOf, sbomOf } from "../support/images.ts";
import { testNeeding } from "../support/needs.ts";
import { originalFile, readOriginal } from "../support/original.ts";
import { fetchManifest, pushArtifact, walkImage } from "../support/push.ts";
import {
  dockerRegistry,
  embeddedRegistry,
  type RegistryKind,
  type RunningRegistry,
} from "../support/registries.ts";
import { type RunOptions, type RunResult, runBinary, runOk, writeConfig } from "../support/run-binary.ts";
import { skopeoCopy, skopeoNeed } from "../support/skopeo.ts";
import { pushPlaced, sourcesList, standardImages } from "../support/standard-images.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { isBlob, isMount, isUpload, lines } from "./counting-world.ts";

setDefaultTimeout(120_000);

const placed = standardImages();
const firstReg = "a.example.com";
const secondReg = "b.example.com";

/** An archive of the standard images, and two registries that it goes to, each behind a door that counts. */
class High implements AsyncDisposable {
  private constructor(
    readonly registries: readonly [RunningRegistry, RunningRegistry],
    readonly doors: readonly [FaultProxy, FaultProxy],
    readonly dir: TempDir,
    readonly config: string,
  ) {}

  static async open(kinds: readonly [RegistryKind, RegistryKind]): Promise<High> {
    const first = await kinds[0].start();
    const second = await kinds[1].start();
    const doors = [
      await startFaultProxy({ upstream: first.origin }),
      await startFaultProxy({ upstream: second.origin }),
    ] as const;
    const dir = await tempDir();
    const config = await writeConfig(dir.file("config.yaml"), {
      [firstReg]: doors[0].url,
      [secondReg]: doors[1].url,
    });
    await using low = await embedded();
    await pushPlaced(low.origin, placed);
    const lowConfig = await writeConfig(dir.file("low.yaml"), { "reg.example.com": low.origin });
    await Bun.write(dir.file("list"), sourcesList("reg.example.com", placed));
    await runOk(["mirror", "archive", "list", "all.tar", "sync-1", "-r", "--config", lowConfig], {
      cwd: dir.path,
    });
    // Every image to both registries.
    await Bun.write(
      dir.file("both.csv"),
      `reg.example.com/,${firstReg}/m/\nreg.example.com/,${secondReg}/m/\n`,
    );
    return new High([first, second], doors, dir, config);
  }

  /** Runs a mirror command; gives back how it ended and what each registry was asked meanwhile. */
  async run(
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<RunResult & { asked: readonly (readonly RecordedRequest[])[] }> {
    const before = this.doors.map(({ requests }) => requests.length);
    const result = await runBinary(["mirror", ...args, "--config", this.config], {
      cwd: this.dir.path,
      ...options,
      env: { ACE_DT_CACHE_PATH: "", ...options.env },
    });
    return { ...result, asked: this.doors.map(({ requests }, at) => requests.slice(before[at])) };
  }

  async ok(args: readonly string[], options: RunOptions = {}) {
    const result = await this.run(args, options);
    expect({ args, code: result.code, stderr: result.stderr }).toMatchObject({ code: 0 });
    return result;
  }

  /** True when a registry has a tag or digest. */
  async has(at: 0 | 1, repository: string, target: string): Promise<boolean> {
    const url = `${this.registries[at].origin}/v2/${repository}/manifests/${target}`;
    const accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";
    return (await fetch(url, { headers: { accept } })).status === 200;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [...this.doors, ...this.registries, this.dir]) await each[Symbol.asyncDispose]();
  }
}

const isManifestPut = ({ method, path }: RecordedRequest) => method === "PUT" && path.includes("/manifests/");

async function expectPlaced(high: High, prefix = "m"): Promise<void> {
  for (const { origin } of high.registries) {
    for (const { repository, tag, artifact, referrers } of placed) {
      const { root } = await walkImage(origin, `${prefix}/${repository}`, tag);
      expect(root.digest).toBe(artifact.root.digest);
      for (const { root: referrer } of referrers)
        await walkImage(origin, `${prefix}/${repository}`, referrer.digest);
    }
  }
}

for (const kinds of [
  [dockerRegistry, embeddedRegistry],
  [embeddedRegistry, dockerRegistry],
] as const) {
  describe(`into ${kinds[0].name} and ${kinds[1].name}`, () => {
    let high: High;
    const needs = kinds.map(({ need }) => need);
    beforeAll(async () => {
      if (needs.every(({ absent }) => absent === undefined)) high = await High.open(kinds);
    });
    afterAll(() => high?.[Symbol.asyncDispose]());

    testNeeding(
      needs,
      "every image comes to both, each blob sent once to each registry and mounted there",
      async () => {
        const { asked, stderr } = await high.ok([
          "unarchive",
          "all.tar",
          "all-prefix=both.csv",
          "sync-1",
          "-r",
        ]);
        await expectPlaced(high);
        const images = placed.flatMap(({ artifact, referrers }) => [artifact, ...referrers]);
        const blobs = new Set(
          images.flatMap((image) => image.blobs.map(({ descriptor }) => descriptor.digest)),
        );
        for (const requests of asked) {
          const ended = requests.filter((request) => isUpload(request) && request.path.includes("digest="));
          expect(ended).toHaveLength(blobs.size);
          expect(requests.filter(isMount).length).toBeGreaterThan(0);
          expect(lines(requests.filter((request) => request.method === "GET" && isBlob(request)))).toEqual(
            [],
          );
        }
        expect(stderr).toContain("unarchive: 14 images");
      },
    );

    testNeeding(needs, "the second run moves nothing, and pushes not even a manifest", async () => {
      const { asked, stderr } = await high.ok(["unarchive", "all.tar", "all-prefix=both.csv"]);
      for (const requests of asked) {
        expect(lines(requests.filter(isUpload))).toEqual([]);
        expect(lines(requests.filter(isManifestPut))).toEqual([]);
      }
      expect(stderr).toContain("0 blobs, 0 B moved");
      expect(stderr).toContain("14 of 14 were there already");
    });

    testNeeding(
      needs,
      "--check pushes nothing and prints what scatter --check prints after deserialize",
      async () => {
        // The gathered image lies in the first registry, so that only the second one's rows have blobs to move.
        await high.ok(["deserialize", "all.tar", `${firstReg}/gathered:sync-1`]);
        await Bun.write(high.dir.file("second.csv"), `reg.example.com/,${secondReg}/check/\n`);
        const mapper = "first-prefix=second.csv";
        for (const more of [[], ["-l", "component=core"], ["--subset", "list"], ["-r"]]) {
          for (const form of ["csv", "json", "table"]) {
            const flags = [mapper, "--check", "-o", form, ...more];
            const theirs = await high.ok(["scatter", `${firstReg}/gathered:sync-1`, ...flags]);
            const ours = await high.ok(["unarchive", "all.tar", ...flags]);
            expect(ours.stdout).toBe(theirs.stdout);
            expect(ours.stdout).toContain(`${secondReg}/check/library/tool:v1`);
            expect(ours.asked.flat().filter(({ method }) => method !== "GET" && method !== "HEAD")).toEqual(
              [],
            );
          }
        }
      },
    );

    testNeeding(needs, "a pipe passes once, through the local store", async () => {
      await using store = await tempDir();
      const env = { ACE_DT_CACHE_PATH: store.path };
      const stdin = Bun.file(high.dir.file("all.tar"));
      await Bun.write(
        high.dir.file("piped.csv"),
        `reg.example.com/,${firstReg}/piped/\nreg.example.com/,${secondReg}/piped/\n`,
      );
      const { stderr } = await high.ok(["unarchive", "-", "all-prefix=piped.csv", "-r", "-v", "info"], {
        stdin,
        env,
      });
      await expectPlaced(high, "piped");
      expect(stderr).toContain(`its blobs are kept in ${store.path}`);
      expect(readdirSync(store.file("blobs/sha256")).length).toBeGreaterThan(10);
      expect(readdirSync(store.file("ingest")).filter((name) => !name.includes("lock"))).toEqual([]);
      const again = await high.ok(["unarchive", "-", "all-prefix=piped.csv"], { stdin, env });
      for (const requests of again.asked) expect(lines(requests.filter(isUpload))).toEqual([]);
    });
  });
}

describe("what it is given", () => {
  let high: High;
  beforeAll(async () => {
    high = await High.open([embeddedRegistry, embeddedRegistry]);
  });
  afterAll(() => high[Symbol.asyncDispose]());

  test("without a local store a pipe is refused with what to do, before it is read", async () => {
    const stdin = Bun.file(high.dir.file("all.tar"));
    const { code, stderr } = await high.run(["unarchive", "-", `nest=${firstReg}/x`], { stdin });
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain("the local store is off");
    expect(stderr).toContain("ACE_DT_CACHE_PATH");
  });

  test("a pipe is checked, and rehearsed, without a local store", async () => {
    const stdin = Bun.file(high.dir.file("all.tar"));
    const file = await high.ok(["unarchive", "all.tar", `nest=${firstReg}/x`, "--check", "-o", "csv"]);
    const pipe = await high.ok(["unarchive", "-", `nest=${firstReg}/x`, "--check", "-o", "csv"], { stdin });
    expect(pipe.stdout).toBe(file.stdout);
    await high.ok(["unarchive", "-", `nest=${firstReg}/x`, "--dry-run"], { stdin });
    expect(await high.has(0, "x/reg.example.com/library/tool", "v1")).toBe(false);
  });

  for (const name of ["gzip", "zstd"] as const) {
    test(`an archive packed with ${name}`, async () => {
      await using store = await tempDir();
      const bytes = readFileSync(high.dir.file("all.tar"));
      const packed = name === "gzip" ? Bun.gzipSync(bytes) : Bun.zstdCompressSync(bytes);
      await Bun.write(high.dir.file(`all.tar.${name}`), packed);
      const env = { ACE_DT_CACHE_PATH: store.path };
      await high.ok(["unarchive", `all.tar.${name}`, `nest=${firstReg}/${name}`, "--strict"], { env });
      await walkImage(high.registries[0].origin, `${name}/reg.example.com/library/tool`, "v1");
    });
  }

  for (const name of [
    "serialize.tar",
    "serialize-index-fallback.tar",
    "serialize-manifest-json.tar",
    "batch/000001-tools.tar",
  ]) {
    test(`the original's ${name}`, async () => {
      const { sources } = await readOriginal(name);
      await high.ok(["unarchive", originalFile(name), `nest=${firstReg}/original`, "--strict"]);
      for (const { reference, artifact } of sources) {
        const [path = "", target = "latest"] = reference.includes("@")
          ? reference.split("@")
          : reference.split(/:(?=[^/:]+$)/);
        const { root } = await walkImage(high.registries[0].origin, `original/${path}`, target);
        expect(root.digest).toBe(artifact.root.digest);
      }
    });
  }

  test("the original's delta.tar is completed from where the images of the first archive went", async () => {
    await high.ok(["unarchive", originalFile("serialize.tar"), `nest=${secondReg}/delta`]);
    await high.ok(["unarchive", originalFile("delta.tar"), `nest=${secondReg}/delta`]);
    const { sources } = await readOriginal("batch/000002-ops.tar");
    for (const { repository, tag } of sources)
      if (tag !== undefined)
        await walkImage(high.registries[1].origin, `delta/reg.example.com/${repository}`, tag);
  });

  test("the original's delta.tar alone lists all that is missing, and tags nothing", async () => {
    const result = await high.run(["unarchive", originalFile("delta.tar"), `nest=${secondReg}/alone`]);
    expect({ code: result.code, stderr: result.stderr }).toMatchObject({ code: 6 });
    const { gathered } = await readOriginal("batch/000002-ops.tar");
    for (const { descriptor } of gathered.blobs) expect(result.stderr).toContain(descriptor.digest);
    expect(result.asked.flat().filter(isManifestPut)).toEqual([]);
    const check = await high.run([
      "unarchive",
      originalFile("delta.tar"),
      `nest=${secondReg}/alone`,
      "--check",
      "-o",
      "json",
    ]);
    expect(check.code).toBe(6);
    expect(
      JSON.parse(check.stdout).every((row: { problem: string }) => row.problem.includes("neither in")),
    ).toBe(true);
    expect(
      (await high.run(["unarchive", originalFile("delta.tar"), `nest=${secondReg}/alone`, "--dry-run"])).code,
    ).toBe(6);
  });

  test("the original's part2.tar, which lacks its index, is refused with what to do", async () => {
    const { code, stderr } = await high.run([
      "unarchive",
      originalFile("part2.tar"),
      `nest=${secondReg}/part`,
    ]);
    expect({ code, stderr }).toMatchObject({ code: 6 });
    expect(stderr).toContain("deserialize all parts into one repository");
  });

  testNeeding([skopeoNeed], "an oci-archive of skopeo's goes under the name that it has", async () => {
    const image = imageOf({ seed: "unarchive/skopeo" });
    await using low = await embedded();
    await pushArtifact(low.origin, "app", image, "v1");
    const host = low.origin.replace("http://", "");
    await skopeoCopy(
      `docker://${host}/app:v1`,
      `oci-archive:${high.dir.file("skopeo.tar")}:team.example.com/app:v1`,
      false,
    );
    await high.ok(["unarchive", "skopeo.tar", `nest=${firstReg}/skopeo`]);
    const { descriptor } = await fetchManifest(
      high.registries[0].origin,
      "skopeo/team.example.com/app",
      "v1",
    );
    expect(descriptor.digest).toBe(image.root.digest);
  });

  test("a TAG that the archive does not have is a warning", async () => {
    const { stderr } = await high.ok(["unarchive", "all.tar", `nest=${firstReg}/tagged`, "sync-9"]);
    expect(stderr).toContain("nothing in all.tar is called sync-9");
    const { code } = await high.run([
      "unarchive",
      "all.tar",
      `nest=${firstReg}/tagged`,
      "sync-1",
      "--reference",
      "sync-1",
    ]);
    expect(code).toBe(2);
  });

  test("a mapper that makes bad destinations is refused before anything is pushed", async () => {
    await Bun.write(
      high.dir.file("bad.csv"),
      `reg.example.com/library/tool:v1,${firstReg}/one:x\nreg.example.com/library/base:v3,${firstReg}/one:x\n`,
    );
    const { code, stderr, asked } = await high.run(["unarchive", "all.tar", "first-prefix=bad.csv"]);
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain("is another image");
    expect(asked.flat()).toEqual([]);
  });

  test("a place that refuses stops no other; the run ends with 1", async () => {
    await Bun.write(
      high.dir.file("half.csv"),
      `reg.example.com/library/tool,${firstReg}/half/tool\nreg.example.com/library/base,nobody.invalid/base\n`,
    );
    const config = await writeConfig(high.dir.file("half.yaml"), {
      [firstReg]: high.doors[0].url,
      "nobody.invalid": "http://127.0.0.1:1",
    });
    const { code, stderr } = await runBinary(
      ["mirror", "unarchive", "all.tar", "first-prefix=half.csv", "--config", config],
      { cwd: high.dir.path },
    );
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(await high.has(0, "half/tool", "v1")).toBe(true);
  });

  test("--dry-run finds a flipped byte in a layer, and pushes nothing of a good one", async () => {
    await high.ok(["unarchive", "all.tar", `nest=${firstReg}/dry`, "--dry-run", "--strict"]);
    expect(await high.has(0, "dry/reg.example.com/library/tool", "v1")).toBe(false);
    flip(high, "flipped.tar");
    expect((await high.run(["unarchive", "flipped.tar", `nest=${firstReg}/dry`, "--dry-run"])).code).toBe(6);
  });

  for (const way of ["a file", "a pipe"]) {
    test(`a flipped byte in a layer ends with 6 and nothing is tagged, out of ${way}`, async () => {
      flip(high, "flipped.tar");
      await using store = await tempDir();
      const result =
        way === "a file"
          ? await high.run(["unarchive", "flipped.tar", `nest=${firstReg}/flip`])
          : await high.run(["unarchive", "-", `nest=${firstReg}/flip`], {
              stdin: Bun.file(high.dir.file("flipped.tar")),
              env: { ACE_DT_CACHE_PATH: store.path },
            });
      expect({ code: result.code, stderr: result.stderr }).toMatchObject({ code: 6 });
      expect(result.stderr).toContain("hash");
      const tagged = result.asked[0]?.filter(
        (request) => isManifestPut(request) && !request.path.includes("sha256:"),
      );
      expect(lines(tagged ?? [])).toEqual([]);
    });
  }

  test("a file that is cut brings its blobs, tags nothing and ends with 6; the next part completes it", async () => {
    await using low = await embedded();
    await pushPlaced(low.origin, placed);
    const config = await writeConfig(high.dir.file("parts.yaml"), { "reg.example.com": low.origin });
    const archive = (name: string, ...more: string[]) =>
      runOk(["mirror", "archive", "list", name, "--config", config, ...more], { cwd: high.dir.path });
    await archive("whole.tar", "--checkpoint", "whole.cp");
    const bytes = readFileSync(high.dir.file("whole.tar"));
    const cut = Math.floor(bytes.length / 2);
    writeFileSync(high.dir.file("part-1.tar"), bytes.subarray(0, cut));
    await archive("part-2.tar", "--existing-from-checkpoint", `whole.cp:${cut}`);
    const first = await high.run(["unarchive", "part-1.tar", `nest=${firstReg}/parts`]);
    expect({ code: first.code, stderr: first.stderr }).toMatchObject({ code: 6 });
    expect(first.stderr).toContain("incomplete");
    expect(first.stderr).toMatch(/\d+ of its blobs are where its images go/);
    expect(first.asked[0]?.filter(isManifestPut)).toEqual([]);
    const second = await high.ok(["unarchive", "part-2.tar", `nest=${firstReg}/parts`]);
    for (const { repository, tag } of placed)
      await walkImage(high.registries[0].origin, `parts/reg.example.com/${repository}`, tag);
    expect(second.stderr).toContain("unarchive: 7 images");
    // Together they are whole, in any order, and what one has damaged the other makes up for.
    const both = [
      "unarchive",
      "part-2.tar",
      "--parts",
      "part-1.tar",
      `nest=${secondReg}/together`,
      "--dry-run",
    ];
    await high.ok(both);
    await high.ok(both.slice(0, -1));
    for (const { repository, tag } of placed)
      await walkImage(high.registries[1].origin, `together/reg.example.com/${repository}`, tag);
    flip(high, "flipped.tar");
    const mended = await high.ok([
      "unarchive",
      "flipped.tar",
      "--parts",
      "all.tar",
      `nest=${secondReg}/mended`,
    ]);
    expect(mended.stderr).toContain("another part has to make up for it");
    for (const { repository, tag } of placed)
      await walkImage(high.registries[1].origin, `mended/reg.example.com/${repository}`, tag);
    await using store = await tempDir();
    const env = { ACE_DT_CACHE_PATH: store.path };
    const pipe = (name: string) => ({ stdin: Bun.file(high.dir.file(name)), env });
    const piped = await high.run(["unarchive", "-", `nest=${secondReg}/parts`], pipe("part-1.tar"));
    expect({ code: piped.code, stderr: piped.stderr }).toMatchObject({ code: 6 });
    expect(piped.stderr).toContain(`kept in ${store.path}`);
    await high.ok(["unarchive", "-", `nest=${secondReg}/parts`], pipe("part-2.tar"));
    for (const { repository, tag } of placed)
      await walkImage(high.registries[1].origin, `parts/reg.example.com/${repository}`, tag);
  });

  test("what an archive leaves out is mounted from another image's place, or copied from another registry", async () => {
    const shared = layerOf("unarchive/shared", 5000);
    const [old, young] = ["old", "young"].map((seed) =>
      imageOf({ seed: `unarchive/${seed}`, layers: 1, sharedLayers: [shared] }),
    );
    await using low = await embedded();
    await pushArtifact(low.origin, "old", old!, "v1");
    await pushArtifact(low.origin, "young", young!, "v1");
    const config = await writeConfig(high.dir.file("left.yaml"), { "reg.example.com": low.origin });
    const run = (...args: string[]) => runOk(["mirror", ...args, "--config", config], { cwd: high.dir.path });
    await Bun.write(high.dir.file("one"), "reg.example.com/old:v1\n");
    await Bun.write(high.dir.file("two"), "reg.example.com/old:v1\nreg.example.com/young:v1\n");
    await run("archive", "one", "left-1.tar");
    await run("archive", "two", "left-2.tar", "reg.example.com/old:v1");
    await high.ok(["unarchive", "left-1.tar", `nest=${firstReg}/left`]);
    await Bun.write(
      high.dir.file("left.csv"),
      `reg.example.com/,${firstReg}/left/reg.example.com/\nreg.example.com/young,${secondReg}/left/young\n`,
    );
    await high.ok(["unarchive", "left-2.tar", "all-prefix=left.csv"]);
    await walkImage(high.registries[0].origin, "left/reg.example.com/young", "v1");
    await walkImage(high.registries[1].origin, "left/young", "v1");
  });

  test("without -r no referrer goes along, with -r all that the archive has", async () => {
    const image = imageOf({ seed: "unarchive/refer" });
    const note = attachmentOf("application/vnd.example.note", Buffer.from("note"), { subject: image.root });
    const sbom = sbomOf(image);
    await using low = await embedded();
    await pushArtifact(low.origin, "app", image, "v1");
    for (const each of [note, sbom]) await pushArtifact(low.origin, "app", each);
    const config = await writeConfig(high.dir.file("refer.yaml"), { "reg.example.com": low.origin });
    await Bun.write(high.dir.file("refer"), "reg.example.com/app:v1\n");
    await runOk(["mirror", "archive", "refer", "refer.tar", "-r", "--config", config], {
      cwd: high.dir.path,
    });
    await high.ok(["unarchive", "refer.tar", `nest=${firstReg}/refer`]);
    expect(await high.has(0, "refer/reg.example.com/app", sbom.root.digest)).toBe(false);
    await high.ok(["unarchive", "refer.tar", `nest=${firstReg}/refer`, "-r"]);
    for (const { root } of [note, sbom])
      expect(await high.has(0, "refer/reg.example.com/app", root.digest)).toBe(true);
  });
});

/** A copy of all.tar with one byte of its largest layer inverted. */
function flip(high: High, name: string): void {
  const bytes = readFileSync(high.dir.file("all.tar"));
  const { entries } = walkTar(bytes);
  const [largest] = entries
    .filter((entry) => entry.name.startsWith("blobs/"))
    .sort((a, b) => b.size - a.size);
  const at = (largest?.bodyOffset ?? 0) + 100;
  bytes[at] = (bytes[at] ?? 0) ^ 255;
  writeFileSync(high.dir.file(name), bytes);
}

describe("Ctrl-C", () => {
  for (const way of ["a file", "a pipe"]) {
    test(`stops it within two seconds, and the next run goes on (${way})`, async () => {
      await using world = await openWorld();
      await using store = await tempDir();
      const image = plainImage(`unarchive/stop/${way}`, [
        ...Array.from({ length: 5 }, () => 300_000),
        900_000,
      ]);
      const last = image.blobs.at(-1)!.descriptor.digest.replace("sha256:", "");
      await pushArtifact(world.low.origin, "app", image, "v1");
      await Bun.write(world.dir.file("list"), "sound.test/app:v1\n");
      const cwd = world.dir.path;
      expect(await world.run(["mirror", "archive", "list", "stop.tar"], { cwd })).toMatchObject({ code: 0 });
      world.highProxy.setRules([{ method: "PUT", path: new RegExp(last), silence: true }]);
      const source = way === "a file" ? "stop.tar" : "pipe";
      if (way === "a pipe") Bun.spawnSync(["mkfifo", world.dir.file("pipe")]);
      const feed = () => {
        if (way === "a file") return;
        Bun.spawn(["sh", "-c", "cat stop.tar > pipe"], { cwd, stdout: "ignore", stderr: "ignore" });
      };
      feed();
      const args = ["mirror", "unarchive", source, "nest=high.test/m"];
      const running = start(world, args, { wrapper: ["env", `ACE_DT_CACHE_PATH=${store.path}`] });
      await until("the last layer is sent", () =>
        world.highProxy.requests.some(({ method, path }) => method === "PUT" && path.includes(last)),
      );
      const others = image.blobs.slice(0, -1).map(({ descriptor }) => descriptor.digest);
      await until("all others have arrived", async () => {
        const there = others.map((digest) => world.hasBlob(world.high, "m/sound.test/app", digest));
        return (await Promise.all(there)).every((has) => has);
      });
      const ended = await running.stop("SIGINT");
      expect({ code: ended.code, stderr: ended.stderr }).toMatchObject({ code: 130 });
      expect(ended.ms).toBeLessThan(2000);
      expect(ended.left).toEqual([]);
      expect(await world.highHas("m/sound.test/app", "v1")).toBe(false);
      world.highProxy.setRules([]);
      const since = world.highProxy.requests.length;
      feed();
      const env = { ACE_DT_CACHE_PATH: store.path };
      const again = await world.run(args, { cwd, env });
      expect({ code: again.code, stderr: again.stderr }).toMatchObject({ code: 0 });
      await walkImage(world.high.origin, "m/sound.test/app", "v1");
      expect(world.highProxy.requests.slice(since).filter(isUpload)).toHaveLength(1);
    });
  }
});
