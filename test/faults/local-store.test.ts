/** The local store through the program: what it saves, and that nothing about it can fail a run. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { embedded } from "../support/embedded.ts";
import type { Artifact } from "../support/images.ts";
import { multiArchOf } from "../support/images.ts";
import { linux, root, testNeeding } from "../support/needs.ts";
import { pushArtifact, walkImage } from "../support/push.ts";
import { runCommandLine, runOk, writeConfig } from "../support/run-binary.ts";
import { openWorld, pushPlain, type World } from "./world.ts";

setDefaultTimeout(60_000);
const kib = 1024;
let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** Everything below `blobs`, by digest. */
function blobsIn(store: string): string[] {
  const directory = join(store, "blobs", "sha256");
  return existsSync(directory)
    ? readdirSync(directory)
        .map((hex) => `sha256:${hex}`)
        .sort()
    : [];
}

function fileOf(store: string, digest: string): string {
  return join(store, "blobs", ...digest.split(":"));
}

function digestsOf({ manifests, blobs }: Artifact): string[] {
  return [...new Set([...manifests, ...blobs].map(({ descriptor }) => descriptor.digest as string))].sort();
}

/** GETs of manifests by digest, and of blobs, that reach the low registry from now on. */
function readings(): () => string[] {
  const from = world.lowProxy.requests.length;
  return () =>
    world.lowProxy.requests
      .slice(from)
      .filter(({ method, path }) => method === "GET" && /(blobs|manifests)\/sha256:/.test(path))
      .map(({ path }) => path.replace(/.*\//, ""))
      .sort();
}

async function sources(name: string, ...lines: string[]): Promise<string> {
  const list = world.dir.file(`${name}.list`);
  await Bun.write(list, lines.map((line) => `${line}\n`).join(""));
  return list;
}

test("a gather with a named store keeps every manifest and blob, and the next one reads nothing at the source", async () => {
  const image = multiArchOf("kept", 300 * kib);
  await pushArtifact(world.low.origin, "kept", image, "v1");
  const list = await sources("kept", "low.test/kept:v1");
  const store = world.dir.file("kept-store");
  const env = { ACE_DT_CACHE_PATH: store };
  const first = await world.run(["mirror", "gather", list, "high.test/kept-one:v1"], { env });
  expect(first).toMatchObject({ code: 0 });
  expect(blobsIn(store)).toEqual(digestsOf(image));
  expect(readdirSync(join(store, "ingest"))).toEqual([]);
  const read = readings();
  const second = await world.run(["mirror", "gather", list, "high.test/kept-two:v1"], { env });
  expect(second).toMatchObject({ code: 0 });
  expect(read()).toEqual([]);
  await walkImage(world.high.origin, "kept-two", image.root.digest);
});

test("without a named store nothing is written, but what is at the default place is used", async () => {
  const { image } = await pushPlain(world, "default", [200 * kib]);
  const list = await sources("default", "low.test/default:v1");
  const home = world.dir.file("default-home");
  const store = join(home, "ace", "dt");
  const env = { XDG_CACHE_HOME: home };
  const args = (name: string) => ["mirror", "gather", list, `high.test/${name}:v1`];
  expect(await world.run(args("default-one"), { env })).toMatchObject({
    code: 0,
    stderr: expect.not.stringContaining("store"),
  });
  expect(existsSync(home)).toBe(false);
  const filling = { env: { ACE_DT_CACHE_PATH: store } };
  expect(await world.run(args("default-two"), filling)).toMatchObject({ code: 0 });
  const read = readings();
  expect(await world.run(args("default-three"), { env })).toMatchObject({ code: 0 });
  expect(read()).toEqual([]);
  expect(blobsIn(store)).toEqual(digestsOf(image));
  expect(await world.run(args("default-four"), { env: { ...env, ACE_DT_CACHE_PATH: "" } })).toMatchObject({
    code: 0,
  });
  expect(read()).toEqual(digestsOf(image));
});

for (const verb of ["gather", "clone"]) {
  test(`${verb} finds a damaged blob and a damaged manifest in the store, says so, and fetches them again`, async () => {
    const { image, layer } = await pushPlain(world, `damaged-${verb}`, [900 * kib, 10 * kib]);
    const list = await sources(`damaged-${verb}`, `low.test/damaged-${verb}:v1`);
    const store = world.dir.file(`damaged-${verb}-store`);
    const env = { ACE_DT_CACHE_PATH: store };
    const run = async (name: string) => {
      const to = verb === "gather" ? `high.test/${name}:v1` : `nest=high.test/${name}`;
      const result = await world.run(["mirror", verb, list, to], { env });
      expect(result).toMatchObject({ code: 0 });
      return result.stderr;
    };
    await run(`damaged-${verb}-one`);
    const wrong = [layer.descriptor.digest, image.root.digest].sort();
    for (const digest of wrong) {
      const bytes = readFileSync(fileOf(store, digest));
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(fileOf(store, digest), bytes);
    }
    const read = readings();
    const stderr = await run(`damaged-${verb}-two`);
    expect(read()).toEqual(wrong);
    expect(stderr).toContain(`${layer.descriptor.digest} in the local store was damaged: fetching it again`);
    const to = `damaged-${verb}-two${verb === "gather" ? "" : `/low.test/damaged-${verb}`}`;
    await walkImage(world.high.origin, to, image.root.digest);
    expect(blobsIn(store)).toEqual(digestsOf(image));
    for (const digest of wrong)
      expect(new Bun.CryptoHasher("sha256").update(readFileSync(fileOf(store, digest))).digest("hex")).toBe(
        digest.slice(7),
      );
  });
}

test("archive writes the same bytes out of the store, also when a blob in it is damaged", async () => {
  // The window is small, so that the first layer is shown to the file before the whole of it has been seen.
  const { image, layers } = await pushPlain(world, "archived", [3000 * kib, 100 * kib, 10 * kib]);
  const list = await sources("archived", "low.test/archived:v1");
  const store = world.dir.file("archived-store");
  const archive = async (name: string, env: Record<string, string>) => {
    const file = world.dir.file(`archived-${name}.tar`);
    const result = await world.run(["mirror", "archive", list, file, "--buffer-size", "4Mi"], { env });
    expect(result).toMatchObject({ code: 0 });
    return { bytes: await Bun.file(file).bytes(), stderr: result.stderr };
  };
  const plain = await archive("plain", {});
  const env = { ACE_DT_CACHE_PATH: store };
  expect((await archive("first", env)).bytes).toEqual(plain.bytes);
  expect(blobsIn(store)).toEqual(digestsOf(image));
  const read = readings();
  expect((await archive("second", env)).bytes).toEqual(plain.bytes);
  expect(read()).toEqual([]);
  for (const { descriptor, bytes } of layers)
    writeFileSync(fileOf(store, descriptor.digest), Buffer.from(bytes).fill(0, 20, 30));
  const third = await archive("third", env);
  expect(third.bytes).toEqual(plain.bytes);
  expect(third.stderr.match(/in the local store was damaged/g)).toHaveLength(3);
  for (const { descriptor, bytes } of layers)
    expect(await Bun.file(fileOf(store, descriptor.digest)).bytes()).toEqual(new Uint8Array(bytes));
});

const unwritable: [string, (path: string) => void][] = [
  ["below a file", (path) => writeFileSync(path, "a file")],
  [
    "with a file where its blobs go",
    (path) => {
      mkdirSync(path);
      writeFileSync(join(path, "blobs"), "a file");
    },
  ],
  [
    "with a file where unfinished blobs go",
    (path) => {
      mkdirSync(path);
      writeFileSync(join(path, "ingest"), "a file");
    },
  ],
];
for (const [what, prepare] of unwritable) {
  test(`a store ${what} is done without, and said once`, async () => {
    const name = what.replaceAll(" ", "-");
    const { image } = await pushPlain(world, name, [100 * kib, 100 * kib, 100 * kib]);
    const list = await sources(name, `low.test/${name}:v1`);
    const path = world.dir.file(`store-${name}`);
    prepare(path);
    const env = { ACE_DT_CACHE_PATH: path };
    const { code, stderr } = await world.run(["mirror", "gather", list, `high.test/to-${name}:v1`], { env });
    expect(code).toBe(0);
    expect(stderr.match(/going on without keeping anything: Cannot write to the local store/g)).toHaveLength(
      1,
    );
    await walkImage(world.high.origin, `to-${name}`, image.root.digest);
  });
}

testNeeding([root, linux], "a full disk is done without, and said once; what fits stays right", async () => {
  const { image, layers } = await pushPlain(world, "full", [300 * kib, 3000 * kib, 3000 * kib]);
  const list = await sources("full", "low.test/full:v1");
  const store = world.dir.file("full-store");
  mkdirSync(store);
  const mounted = await runCommandLine(["mount", "-t", "tmpfs", "-o", "size=2m", "none", store]);
  if (mounted.code !== 0) {
    console.warn(`not tested, since nothing can be mounted here: ${mounted.stderr}`);
    return;
  }
  try {
    const env = { ACE_DT_CACHE_PATH: store };
    const { code, stderr } = await world.run(["mirror", "gather", list, "high.test/to-full:v1"], { env });
    expect(code).toBe(0);
    expect(stderr.match(/going on without keeping anything: .*no space left on it/g)).toHaveLength(1);
    await walkImage(world.high.origin, "to-full", image.root.digest);
    expect(readdirSync(join(store, "ingest"))).toEqual([]);
    const sizes = new Map(
      [...image.manifests, ...image.blobs].map(({ descriptor }) => [
        descriptor.digest as string,
        descriptor.size,
      ]),
    );
    for (const digest of blobsIn(store))
      expect(statSync(fileOf(store, digest)).size).toBe(sizes.get(digest)!);
    expect(blobsIn(store)).not.toContain(layers[1]!.descriptor.digest);
  } finally {
    await runCommandLine(["umount", store]);
  }
});

test("two gathers at once and a prune share a store", async () => {
  const images = await Promise.all(
    ["a", "b", "c"].map((name) => pushPlain(world, `shared-${name}`, [500 * kib, 200 * kib])),
  );
  const lines = ["a", "b", "c"].map((name) => `low.test/shared-${name}:v1`);
  const list = await sources("shared", ...lines);
  const store = world.dir.file("shared-store");
  const env = { ACE_DT_CACHE_PATH: store };
  const runs = await Promise.all([
    ...["one", "two", "three"].map((to) =>
      world.run(["mirror", "gather", list, `high.test/shared-${to}:v1`], { env }),
    ),
    world.run(["util", "prune", "--size", "0"], { env }),
  ]);
  for (const { code, stderr } of runs)
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.not.stringContaining("store") });
  const all = [...new Set(images.flatMap(({ image }) => digestsOf(image)))].sort();
  expect(blobsIn(store)).toEqual(all);
  for (const to of ["one", "two", "three"]) await walkImage(world.high.origin, `shared-${to}`, "v1");
  expect(readdirSync(join(store, "ingest"))).toEqual([]);
});

test("clone to several registries reads a damaged blob of the store for none of them", async () => {
  await using third = await embedded();
  const config = await writeConfig(world.dir.file("several.yaml"), {
    "low.test": world.lowProxy.url,
    "high.test": world.high.origin,
    "third.test": third.origin,
  });
  const { image, layer } = await pushPlain(world, "several", [900 * kib]);
  const list = await sources("several", "low.test/several:v1");
  const store = world.dir.file("several-store");
  const map = world.dir.file("several.csv");
  const clone = async (name: string) => {
    await Bun.write(map, ["high", "third"].map((host) => `low.test/,${host}.test/${name}/\n`).join(""));
    const env = { ACE_DT_CACHE_PATH: store };
    return runOk(["mirror", "clone", list, `all-prefix=${map}`, "--config", config], { env });
  };
  const read = readings();
  await clone("one");
  expect(blobsIn(store)).toEqual(digestsOf(image));
  const file = fileOf(store, layer.descriptor.digest);
  writeFileSync(file, Buffer.alloc(layer.bytes.length));
  expect((await clone("two")).stderr).toContain("was damaged: fetching it again");
  expect(await Bun.file(file).bytes()).toEqual(new Uint8Array(layer.bytes));
  const before = read().length;
  await clone("three");
  expect(read()).toHaveLength(before);
  for (const registry of [world.high, third]) {
    for (const name of ["one", "two", "three"]) await walkImage(registry.origin, `${name}/several`, "v1");
  }
});

test("a run that is killed leaves nothing that the next one takes for a blob", async () => {
  const { image, layer } = await pushPlain(world, "killed", [900 * kib]);
  const list = await sources("killed", "low.test/killed:v1");
  const store = world.dir.file("killed-store");
  const env = { ACE_DT_CACHE_PATH: store };
  world.lowProxy.setRules([{ path: new RegExp(`blobs/${layer.descriptor.digest}`), stallAfter: 300 * kib }]);
  const killed = await world.run(["mirror", "gather", list, "high.test/killed:v1"], {
    env,
    signal: { signal: "SIGKILL", afterMs: 1500 },
  });
  expect(killed.code).toBe(137);
  world.lowProxy.setRules([]);
  expect(blobsIn(store)).not.toContain(layer.descriptor.digest);
  expect(readdirSync(join(store, "ingest"))).toHaveLength(1);
  expect(await world.run(["mirror", "gather", list, "high.test/killed:v1"], { env })).toMatchObject({
    code: 0,
  });
  expect(blobsIn(store)).toEqual(digestsOf(image));
});

test("Ctrl-C leaves no unfinished file in the store", async () => {
  const { layer } = await pushPlain(world, "ctrl-c", [900 * kib]);
  const list = await sources("ctrl-c", "low.test/ctrl-c:v1");
  const store = world.dir.file("ctrl-c-store");
  world.lowProxy.setRules([{ path: new RegExp(`blobs/${layer.descriptor.digest}`), stallAfter: 300 * kib }]);
  const stopped = await world.run(["mirror", "gather", list, "high.test/ctrl-c:v1"], {
    env: { ACE_DT_CACHE_PATH: store },
    signal: { signal: "SIGINT", afterMs: 1500 },
  });
  world.lowProxy.setRules([]);
  expect(stopped.code).toBe(130);
  expect(readdirSync(join(store, "ingest"))).toEqual([]);
});
