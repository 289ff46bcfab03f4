/** Answers that are not what the registry has: cut by a proxy that tells nothing of it, or with a byte flipped on the way. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import type { Digest } from "../../src/oci/digest.ts";
import { embedded } from "../support/embedded.ts";
import type { Fault, FaultRule } from "../support/fault-proxy.ts";
import { type Artifact, sbomOf } from "../support/images.ts";
import { fetchManifest, pushArtifact, walkImage } from "../support/push.ts";
import { type RunResult, runBinary, writeConfig } from "../support/run-binary.ts";
import { openWorld, plainImage, pushPlain, type World } from "./world.ts";

setDefaultTimeout(60_000);

let world: World;
let image: Artifact;
let sbom: Artifact;
/** Every digest of a manifest that is read. */
let manifests: readonly Digest[];
let list: string;

beforeAll(async () => {
  world = await openWorld();
  image = plainImage("wrong answers", [5000, 70_000]);
  await pushArtifact(world.low.origin, "app", image, "v1");
  sbom = sbomOf(image);
  await pushArtifact(world.low.origin, "app", sbom);
  list = world.dir.file("list");
  await Bun.write(list, "low.test/app:v1\n");
  const sound = world.dir.file("sound");
  await Bun.write(sound, "sound.test/app:v1\n");
  expect(await world.run(["mirror", "gather", "-r", sound, "sound.test/g:1"])).toMatchObject({ code: 0 });
  const index = await fetchManifest(world.low.origin, "g", "1");
  manifests = [image.root.digest, sbom.root.digest, index.descriptor.digest];
});
afterAll(() => world[Symbol.asyncDispose]());

type Run = (name: string) => Promise<RunResult>;

/** Every verb that reads from a registry; NAME makes its destination its own. */
const verbs: [verb: string, run: Run][] = [
  ["gather", (name) => world.run(["mirror", "gather", "-r", list, `high.test/${name}:1`])],
  ["clone", (name) => world.run(["mirror", "clone", "-r", list, `nest=high.test/${name}`])],
  ["scatter", (name) => world.run(["mirror", "scatter", "-r", "low.test/g:1", `nest=high.test/${name}`])],
  ["serialize", (name) => world.run(["mirror", "serialize", "-r", "low.test/g:1", world.dir.file(name)])],
  ["archive", (name) => world.run(["mirror", "archive", "-r", list, world.dir.file(name)])],
  ["diff", () => world.run(["mirror", "diff", "-r", "low.test/g:1"])],
];

const moving = verbs.filter(([verb]) => verb !== "diff");

/** The same fault once for each manifest and tag. */
const onceEach = (fault: Fault): FaultRule[] =>
  [...manifests, "v1", "1"].map((target) => ({
    method: "GET",
    path: new RegExp(`/manifests/${target}$`),
    times: 1,
    ...fault,
  }));

const faulted = () => world.lowProxy.requests.filter((request) => request.faulted).length;

describe.each([
  ["ends well and early", { endAfter: 60 }],
  ["in chunks ends well and early", { chunksTo: 60 }],
  ["has a flipped byte", { flipByte: 70 }],
] as [string, Fault][])("an answer that %s", (how, fault) => {
  test.each(verbs)("in place of a manifest does not end %s", async (verb, run) => {
    world.lowProxy.requests.length = 0;
    world.lowProxy.setRules(onceEach(fault));
    const name = `${verb}-${how.replace(/\W/g, "-")}-manifest`;
    const { code, stderr } = await run(name);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(faulted()).toBeGreaterThanOrEqual(verb === "diff" ? 1 : 2);
    if (verb === "gather") await walkImage(world.high.origin, name, "1");
  });

  test.each(moving)("in place of referrers does not end %s", async (verb, run) => {
    world.lowProxy.requests.length = 0;
    const once = manifests.map((digest) => ({
      path: new RegExp(`/referrers/${digest}`),
      times: 1,
      ...fault,
    }));
    world.lowProxy.setRules(once);
    const { code, stderr } = await run(`${verb}-${how.replace(/\W/g, "-")}-referrers`);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(faulted()).toBeGreaterThanOrEqual(1);
  });
});

test("an empty answer in place of a manifest does not end serialize", async () => {
  world.lowProxy.setRules(onceEach({ endAfter: 0 }));
  const { code, stderr } = await world.run([
    "mirror",
    "serialize",
    "low.test/g:1",
    world.dir.file("empty.tar"),
  ]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
});

test("a manifest that always comes short is a failure of the network, with registry and reference, after all tries", async () => {
  world.lowProxy.requests.length = 0;
  world.lowProxy.setRules([{ method: "GET", path: /\/manifests\//, endAfter: 60 }]);
  const out = world.dir.file("short.tar");
  const { code, stderr } = await world.run(["mirror", "serialize", "low.test/g:1", out]);
  expect({ code, stderr }).toMatchObject({ code: 5 });
  expect(stderr).toMatch(/Cannot read manifest low\.test\/g:1: .*http:\/\/127\.0\.0\.1:\d+.* after 6 tries/);
  expect(faulted()).toBe(6);
  expect(existsSync(out)).toBe(false);
});

describe("a flipped byte", () => {
  const blob = (content: { descriptor: { digest: string } } | undefined) =>
    new RegExp(`/blobs/${content?.descriptor.digest}$`);
  test.each(moving)("in a blob on its way down is fetched again by %s", async (verb, run) => {
    const layer = image.blobs[2];
    world.lowProxy.requests.length = 0;
    world.lowProxy.setRules([{ method: "GET", path: blob(layer), flipByte: 3000, times: 1 }]);
    const name = `${verb}-blob`;
    const { code, stderr } = await run(name);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/fetching it again/);
    expect(stderr).toContain(world.lowProxy.url);
    expect(world.lowProxy.requests.filter(({ path }) => blob(layer).test(path))).toHaveLength(2);
  });

  test.each(moving)(
    "in every answer of the one endpoint ends %s with 6, after two fetches",
    async (verb, run) => {
      const layer = image.blobs[2];
      world.lowProxy.requests.length = 0;
      world.lowProxy.setRules([{ method: "GET", path: blob(layer), flipByte: 3000 }]);
      const name = `${verb}-damaged`;
      const { code, stderr } = await run(name);
      expect({ code, stderr }).toMatchObject({ code: 6 });
      expect(stderr).toContain(layer?.descriptor.digest ?? "");
      expect(world.lowProxy.requests.filter(({ path }) => blob(layer).test(path))).toHaveLength(2);
      expect(await world.highHas(name, "1")).toBe(false);
      expect(await world.highHas(`${name}/low.test/app`, "v1")).toBe(false);
    },
  );

  test("in a blob on its way up is sent again by gather, clone and deserialize", async () => {
    const archive = world.dir.file("up.tar");
    expect(await world.run(["mirror", "serialize", "sound.test/g:1", archive])).toMatchObject({ code: 0 });
    world.lowProxy.setRules([]);
    const ways: [string, string[]][] = [
      ["up-gather", ["mirror", "gather", list, "high.test/up-gather:1"]],
      ["up-clone", ["mirror", "clone", list, "nest=high.test/up-clone"]],
      ["up-deserialize", ["mirror", "deserialize", archive, "high.test/up-deserialize:1"]],
    ];
    for (const [name, args] of ways) {
      world.highProxy.setRules([
        { method: "PUT", path: /\/blobs\/uploads\//, flipRequestByte: 50, times: 1 },
      ]);
      const { code, stderr } = await world.run(args);
      expect({ name, code, stderr }).toMatchObject({ name, code: 0 });
      expect(stderr).toMatch(/DIGEST_INVALID.*sending it again/);
    }
    world.highProxy.setRules([]);
  });

  test("in a manifest on its way up is sent again", async () => {
    world.lowProxy.setRules([]);
    world.highProxy.setRules([{ method: "PUT", path: /\/manifests\/sha256/, flipRequestByte: 50, times: 1 }]);
    const { code, stderr } = await world.run(["mirror", "gather", list, "high.test/up-manifest:1"]);
    world.highProxy.setRules([]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/sending it again/);
  });

  test("in every answer of one endpoint: two fetches, then the next endpoint has it, for every verb", async () => {
    const two = `    low.test:\n      endpoints: [${world.lowProxy.url}, ${world.low.origin}]\n`;
    const config = await writeConfig(
      world.dir.file("two.yaml"),
      { "sound.test": world.low.origin, "high.test": world.high.origin },
      two,
    );
    const layer = image.blobs[2];
    for (const [verb, args] of [
      ["gather", [list, "high.test/two-gather:1"]],
      ["clone", [list, "nest=high.test/two-clone"]],
      ["scatter", ["low.test/g:1", "nest=high.test/two-scatter"]],
      ["serialize", ["low.test/g:1", world.dir.file("two-serialize")]],
      ["archive", [list, world.dir.file("two-archive")]],
    ] as [string, string[]][]) {
      world.lowProxy.requests.length = 0;
      world.lowProxy.setRules([{ method: "GET", path: blob(layer), flipByte: 3000 }]);
      const { code, stderr } = await runBinary(["mirror", verb, ...args, "--config", config]);
      expect({ verb, code, stderr }).toMatchObject({ verb, code: 0 });
      expect(world.lowProxy.requests.filter(({ path }) => blob(layer).test(path))).toHaveLength(2);
      expect(stderr).toContain(`asking the next endpoint, ${world.low.origin}`);
    }
  });

  test("in a blob for two registries is fetched once more for both of them together", async () => {
    await using third = await embedded();
    const config = await writeConfig(world.dir.file("both.yaml"), {
      "low.test": world.lowProxy.url,
      "high.test": world.high.origin,
      "third.test": third.origin,
    });
    const map = world.dir.file("both.csv");
    await Bun.write(map, ["high", "third"].map((host) => `low.test/,${host}.test/both/\n`).join(""));
    const layer = image.blobs[2];
    world.lowProxy.requests.length = 0;
    world.lowProxy.setRules([{ method: "GET", path: blob(layer), flipByte: 3000, times: 1 }]);
    const args = ["mirror", "clone", list, `all-prefix=${map}`, "--config", config];
    const { code, stderr } = await runBinary(args);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(world.lowProxy.requests.filter(({ path }) => blob(layer).test(path))).toHaveLength(2);
    for (const { origin } of [world.high, third]) await walkImage(origin, "both/app", "v1");
  });

  test("in the config that names an image's platform is fetched again", async () => {
    world.lowProxy.requests.length = 0;
    world.lowProxy.setRules([{ method: "GET", path: blob(image.blobs[0]), flipByte: 10, times: 1 }]);
    const args = ["mirror", "gather", list, "high.test/platform:1", "-p", "linux/amd64"];
    const { code, stderr } = await world.run(args);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain("fetching it again");
  });

  test("in a blob that is written while it arrives is fetched again by serialize, which cuts its file back", async () => {
    const { layer } = await pushPlain(world, "large", [18_000_000, 5000]);
    world.lowProxy.setRules([{ method: "GET", path: blob(layer), flipByte: 1000, times: 1 }]);
    const archive = world.dir.file("large.tar");
    const args = ["mirror", "serialize", "low.test/large:v1", archive, "-m", "16Mi"];
    const { code, stderr } = await world.run(args);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain("it is fetched again, whole");
    expect(await world.run(["mirror", "verify", archive])).toMatchObject({ code: 0 });
  });
});
