/** Registries that break, refuse, lie and tire, met by the compiled binary. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { imageOf, indexOf, jsonContent } from "../support/images.ts";
import { pushArtifact, putManifest, walkImage } from "../support/push.ts";
import { binaryPath } from "../support/run-binary.ts";
import { readLedgerLines, walkTar } from "./archive-facts.ts";
import { openWorld, pushPlain, type World } from "./world.ts";

const blobPath = (digest: string) => new RegExp(`/blobs/${digest}$`);

/** The archive's bytes of a digest, or undefined. */
function inArchive(path: string, digest: string): Buffer | undefined {
  return walkTar(readFileSync(path)).entries.find(({ name }) => name === `blobs/${digest.replace(":", "/")}`)
    ?.body;
}

/** Serializes `low.test/NAME:v1` into `out.tar` with a checkpoint. */
const serialize = (world: World, name: string, ...more: string[]) =>
  world.run([
    ...["mirror", "serialize", `low.test/${name}:v1`, world.dir.file("out.tar")],
    ...["--checkpoint", world.dir.file("cp"), ...more],
  ]);

test("a connection that is cut in the middle of a blob is taken up where it broke", async () => {
  await using world = await openWorld();
  const { layer } = await pushPlain(world, "app", [300_000]);
  world.lowProxy.setRules([{ path: blobPath(layer.descriptor.digest), cutAfter: 100_000, times: 1 }]);
  const { code, stderr } = await serialize(world, "app");
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(inArchive(world.dir.file("out.tar"), layer.descriptor.digest)).toEqual(Buffer.from(layer.bytes));
  const asked = world.lowProxy.requests.filter(({ path }) => path.includes(layer.descriptor.digest));
  expect(asked.map(({ headers }) => headers.range)).toEqual([undefined, "bytes=100000-299999"]);
});

test("a connection that is cut again and again still brings the whole blob", async () => {
  await using world = await openWorld();
  const { layer } = await pushPlain(world, "app", [300_000]);
  world.lowProxy.setRules([{ path: blobPath(layer.descriptor.digest), cutAfter: 80_000, times: 3 }]);
  const { code } = await serialize(world, "app");
  expect(code).toBe(0);
  expect(inArchive(world.dir.file("out.tar"), layer.descriptor.digest)).toEqual(Buffer.from(layer.bytes));
  expect(world.lowProxy.requests.at(-1)?.headers.range).toBe("bytes=240000-299999");
});

test("a registry that ignores Range is read from the start again, and nothing comes twice", async () => {
  await using world = await openWorld();
  const { layers } = await pushPlain(world, "app", [300_000, 3_000_000]);
  world.lowProxy.setRules([
    { path: blobPath(layers[0]!.descriptor.digest), cutAfter: 100_000, times: 1 },
    { ignoreRange: true },
  ]);
  // With the smallest window the second layer is large enough to be asked for in parts.
  const { code, stderr } = await serialize(world, "app", "-m", "16Mi");
  expect({ code, stderr }).toMatchObject({ code: 0 });
  for (const { descriptor, bytes } of layers) {
    expect(inArchive(world.dir.file("out.tar"), descriptor.digest)?.equals(bytes)).toBe(true);
  }
});

test("429 with Retry-After holds every request to that host for so long, and the run then goes on", async () => {
  await using world = await openWorld();
  const { image } = await pushPlain(
    world,
    "app",
    Array.from({ length: 12 }, () => 2000),
  );
  world.lowProxy.setRules([
    { path: /\/blobs\//, answer: { status: 429, headers: { "Retry-After": "2" } }, after: 3, times: 1 },
    { path: /\/blobs\//, delayMs: 30 },
  ]);
  const { code, stderr } = await world.run(
    ["mirror", "serialize", "low.test/app:v1", world.dir.file("out.tar")],
    { env: { ACE_DT_CONCURRENT_HTTP: "2" } },
  );
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).toContain("429");
  const times = world.lowProxy.requests.map(({ atMs }) => atMs);
  const pauses = times.flatMap((atMs, at) => (atMs - (times[at - 1] ?? atMs) > 1000 ? [{ at, atMs }] : []));
  // One pause, of the time asked for less what was under way when the answer came, and much work behind it.
  expect(pauses).toHaveLength(1);
  const { at, atMs } = pauses[0]!;
  expect(atMs - times[at - 1]!).toBeGreaterThan(1800);
  expect(times.length - at).toBeGreaterThan(image.blobs.length / 2);
});

test("what a worker waits for is shown while it waits", async () => {
  await using world = await openWorld();
  const { layer } = await pushPlain(world, "app", [5000]);
  const path = blobPath(layer.descriptor.digest);
  world.lowProxy.setRules([{ path, answer: { status: 503, headers: { "Retry-After": "1" } } }]);
  const run = Bun.spawn(
    [
      ...[binaryPath(), "mirror", "serialize", "low.test/app:v1", world.dir.file("out.tar")],
      ...["--config", world.config],
    ],
    {
      env: { PATH: process.env.PATH, HOME: "/nonexistent" },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    },
  );
  let stderr = "";
  for await (const text of run.stderr.pipeThrough(new TextDecoderStream())) {
    stderr += text;
    // The registry is well again only once the operator has heard that it was not.
    if (stderr.includes("try 2 of 6")) world.lowProxy.setRules([]);
  }
  expect({ code: await run.exited, stderr }).toMatchObject({ code: 0 });
  expect(stderr.trimEnd().split("\n").at(-1)).not.toContain("try 2 of 6");
});

test.each([500, 502, 503])("a %d that passes is asked again, for manifests and for blobs", async (status) => {
  await using world = await openWorld();
  const { layer, image } = await pushPlain(world, "app", [5000]);
  world.lowProxy.setRules([
    { path: /\/manifests\//, answer: { status }, times: 1 },
    { path: blobPath(layer.descriptor.digest), answer: { status }, times: 1 },
  ]);
  await Bun.write(world.dir.file("list"), "low.test/app:v1\n");
  world.highProxy.setRules([{ method: "PUT", answer: { status }, times: 1 }]);
  const { code, stderr } = await world.run(["mirror", "gather", world.dir.file("list"), "high.test/g:1"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect((await walkImage(world.high.origin, "g", "1")).digests).toContain(image.root.digest);
});

test("a 503 that stays ends with 5, after asking again, with a broken archive that says so", async () => {
  await using world = await openWorld();
  const { layer } = await pushPlain(world, "app", [5000]);
  const answer = { status: 503, headers: { "Retry-After": "0" } };
  world.lowProxy.setRules([{ path: blobPath(layer.descriptor.digest), answer }]);
  const { code, stderr } = await serialize(world, "app", "-b", "512");
  expect(code).toBe(5);
  expect(stderr).toContain(`blob ${layer.descriptor.digest} of low.test/app`);
  expect(stderr).toContain("503");
  expect(stderr).toMatch(/out\.tar is good up to byte \d+/);
  expect(world.lowProxy.requests.filter(({ path }) => path.includes(layer.descriptor.digest)).length).toBe(6);
});

/** What a registry can do to a blob, and the words that tell it. */
const damages = [
  ["flips a byte", { flipByte: 1000 }, "arrived|sent|hash"],
  ["ends it early with a Content-Length to match", { truncateTo: 2000 }, "bytes"],
  ["announces more bytes than there are", { contentLength: 9000 }, "bytes"],
  ["announces fewer bytes than there are", { contentLength: 3000 }, "bytes"],
] as const;

test.each(damages)(
  "a registry that %s spoils no archive: 6, no end marker, not in the ledger",
  async (_, fault, words) => {
    await using world = await openWorld();
    const { layer, layers } = await pushPlain(world, "app", [5000, 4000]);
    world.lowProxy.setRules([{ path: blobPath(layer.descriptor.digest), ...fault }]);
    const { code, stderr } = await serialize(world, "app", "-b", "512");
    expect({ code, stderr }).toMatchObject({ code: 6 });
    expect(stderr).toContain(layer.descriptor.digest);
    expect(stderr).toMatch(new RegExp(words));
    const medium = readFileSync(world.dir.file("out.tar"));
    expect(walkTar(medium).hasEndMarker).toBe(false);
    const listed = readLedgerLines(world.dir.file("cp")).map(({ digest }) => digest);
    expect(listed).not.toContain(layer.descriptor.digest);
    expect(listed).not.toContain(layers[1]!.descriptor.digest);
  },
);

test("a corrupted blob's error names both digests; a blob too large to be held back never gets its last byte", async () => {
  await using world = await openWorld();
  // Larger than the window, so that the writer has some of it before all has come.
  const { layer } = await pushPlain(world, "app", [18_000_000]);
  world.lowProxy.setRules([{ path: blobPath(layer.descriptor.digest), flipByte: 1000 }]);
  const { code, stderr } = await serialize(world, "app", "-m", "16Mi");
  expect(code).toBe(6);
  const [last = ""] = /^ace-dt: .*$/m.exec(stderr) ?? [];
  const named = new Set(last.match(/sha256:[0-9a-f]{64}/g));
  expect(named).toContain(layer.descriptor.digest);
  expect(named.size).toBe(2);
  expect(inArchive(world.dir.file("out.tar"), layer.descriptor.digest)).toBeUndefined();
  expect(walkTar(readFileSync(world.dir.file("out.tar"))).hasEndMarker).toBe(false);
});

test("a blob that is corrupted once is fetched again, and the archive is right", async () => {
  await using world = await openWorld();
  const { layer } = await pushPlain(world, "app", [5000]);
  world.lowProxy.setRules([{ path: blobPath(layer.descriptor.digest), flipByte: 1000, times: 1 }]);
  const { code, stderr } = await serialize(world, "app");
  expect(code).toBe(0);
  expect(stderr).toContain("fetching it again");
  expect(inArchive(world.dir.file("out.tar"), layer.descriptor.digest)).toEqual(Buffer.from(layer.bytes));
});

test.each(damages)(
  "gather of an image whose registry %s ends with 6 and pushes no tag",
  async (_, fault, words) => {
    await using world = await openWorld();
    const { layer, image } = await pushPlain(world, "app", [5000]);
    world.lowProxy.setRules([{ path: blobPath(layer.descriptor.digest), ...fault }]);
    await Bun.write(world.dir.file("list"), "low.test/app:v1\n");
    const { code, stderr } = await world.run(["mirror", "gather", world.dir.file("list"), "high.test/g:1"]);
    expect({ code, stderr }).toMatchObject({ code: 6 });
    expect(stderr).toContain(layer.descriptor.digest);
    expect(stderr).toMatch(new RegExp(words));
    expect(await world.highHas("g", "1")).toBe(false);
    expect(await world.highHas("g", image.root.digest)).toBe(false);
    expect(await world.hasBlob(world.high, "g", layer.descriptor.digest)).toBe(false);
  },
);

test("scatter of a corrupted blob ends with 6, names both digests, and leaves neither blob nor tag", async () => {
  await using world = await openWorld();
  const { layer } = await pushPlain(world, "app", [5000]);
  world.lowProxy.setRules([{ path: blobPath(layer.descriptor.digest), flipByte: 1000 }]);
  const { code, stderr } = await world.run(["mirror", "scatter", "low.test/app:v1", "nest=high.test/n"]);
  expect({ code, stderr }).toMatchObject({ code: 6 });
  expect(new Set(stderr.match(/sha256:[0-9a-f]{64}/g)).size).toBeGreaterThanOrEqual(2);
  expect(await world.highHas("n/low.test/app", "v1")).toBe(false);
  expect(await world.hasBlob(world.high, "n/low.test/app", layer.descriptor.digest)).toBe(false);
});

test.each([
  ["flipped byte", { flipByte: 30 }],
  ["early end", { truncateTo: 100 }],
] as const)("a child manifest with a %s is refused before anything is written", async (_, fault) => {
  await using world = await openWorld();
  const child = imageOf({ seed: "child" });
  await pushArtifact(world.low.origin, "app", indexOf([child]), "v1");
  world.lowProxy.setRules([{ path: new RegExp(`manifests/${child.root.digest}`), ...fault }]);
  const { code, stderr } = await serialize(world, "app");
  expect({ code, stderr }).toMatchObject({ code: 6 });
  expect(stderr).toContain(child.root.digest);
  expect(await Bun.file(world.dir.file("out.tar")).exists()).toBe(false);
});

test("a manifest whose answer ends before its Content-Length is asked for again", async () => {
  await using world = await openWorld();
  const child = imageOf({ seed: "child" });
  await pushArtifact(world.low.origin, "app", indexOf([child]), "v1");
  world.lowProxy.setRules([
    { path: new RegExp(`manifests/${child.root.digest}`), contentLength: 9000, times: 1 },
  ]);
  const { code, stderr } = await serialize(world, "app");
  expect({ code, stderr }).toMatchObject({ code: 0 });
});

/** An index that is `bytes` long. */
function indexOfSize(bytes: number) {
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const of = (fill: number) =>
    jsonContent(mediaType, {
      schemaVersion: 2,
      mediaType,
      manifests: [],
      annotations: { fill: "x".repeat(fill) },
    });
  return of(bytes - of(0).bytes.length);
}

test("a manifest of 5 MiB, and one of exactly 8 MiB, are gathered, carried and put down", async () => {
  await using world = await openWorld();
  for (const [name, bytes] of [
    ["five", 5 * 1024 ** 2],
    ["eight", 8 * 1024 ** 2],
  ] as const) {
    const manifest = indexOfSize(bytes);
    expect(manifest.bytes.length).toBe(bytes);
    await putManifest(world.low.origin, name, manifest, "v1");
    const file = world.dir.file(`${name}.tar`);
    const packed = await world.run(["mirror", "serialize", `low.test/${name}:v1`, file]);
    expect(packed).toMatchObject({ code: 0 });
    const unpacked = await world.run(["mirror", "deserialize", file, `high.test/${name}:v1`]);
    expect(unpacked).toMatchObject({ code: 0 });
    expect(await world.highHas(name, manifest.descriptor.digest)).toBe(true);
  }
});

test("a manifest of more than 8 MiB is refused with 5, its name, its size and the limit", async () => {
  await using world = await openWorld();
  const { descriptor, bytes } = indexOfSize(9 * 1024 ** 2);
  const headers = { "Content-Type": descriptor.mediaType, "Docker-Content-Digest": descriptor.digest };
  const answer = { status: 200, headers, body: Buffer.from(bytes).toString() };
  world.lowProxy.setRules([{ path: /\/manifests\//, answer }]);
  const { code, stderr } = await serialize(world, "app");
  expect({ code, stderr }).toMatchObject({ code: 5 });
  expect(stderr).toContain("low.test/app:v1");
  expect(stderr).toContain(String(8 * 1024 ** 2));
});

/** An index over an image and a thing of a type nobody knows. */
function oddIndex() {
  const image = imageOf({ seed: "beside" });
  const odd = jsonContent("application/vnd.example.thing", { thing: 1 });
  const index = jsonContent("application/vnd.oci.image.index.v1+json", {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [image.root, odd.descriptor],
  });
  return {
    image,
    odd,
    artifact: {
      root: index.descriptor,
      manifests: [...image.manifests, index],
      blobs: [...image.blobs, odd],
    },
  };
}

test("an index entry of an unknown media type that is a blob travels as a blob, all the way", async () => {
  await using world = await openWorld();
  const { odd, artifact } = oddIndex();
  await pushArtifact(world.low.origin, "app", artifact, "v1");
  await Bun.write(world.dir.file("list"), "low.test/app:v1\n");
  const file = world.dir.file("out.tar");
  const steps = [
    ["gather", world.dir.file("list"), "sound.test/g:1"],
    ["serialize", "sound.test/g:1", file],
    ["deserialize", file, "high.test/g:1"],
    ["scatter", "high.test/g:1", "nest=high.test/n"],
  ];
  for (const step of steps) expect(await world.run(["mirror", ...step])).toMatchObject({ code: 0 });
  expect(await world.hasBlob(world.high, "n/low.test/app", odd.descriptor.digest)).toBe(true);
  expect(await world.highHas("n/low.test/app", "v1")).toBe(true);
});

test("an index entry of an unknown media type that is nowhere ends with 5, its digest and its repository", async () => {
  await using world = await openWorld();
  const { odd, artifact } = oddIndex();
  await pushArtifact(world.low.origin, "app", artifact, "v1");
  world.lowProxy.setRules([{ path: blobPath(odd.descriptor.digest), answer: { status: 404 } }]);
  const { code, stderr } = await serialize(world, "app");
  expect({ code, stderr }).toMatchObject({ code: 5 });
  expect(stderr).toContain(`blob ${odd.descriptor.digest} of low.test/app`);
});

test.each([
  [
    "a media type nobody knows",
    "application/vnd.example+json",
    { mediaType: "application/vnd.example+json", config: {} },
    "vnd.example+json",
  ],
  [
    "Docker's schema 1",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    { schemaVersion: 1, fsLayers: [] },
    "schema 1",
  ],
])("a tag that points to %s ends with 5 and says what it is", async (_, mediaType, content, words) => {
  await using world = await openWorld();
  const body = JSON.stringify(content);
  world.lowProxy.setRules([
    { path: /\/manifests\//, answer: { status: 200, headers: { "Content-Type": mediaType }, body } },
  ]);
  const { code, stderr } = await serialize(world, "app");
  expect({ code, stderr }).toMatchObject({ code: 5 });
  expect(stderr).toContain("low.test/app");
  expect(stderr).toContain(words);
});

test("-p passes over an index entry without a platform; where no entry has one, 5 says so", async () => {
  await using world = await openWorld();
  const arm = imageOf({ seed: "arm", platform: { os: "linux", architecture: "arm64" } });
  await pushArtifact(world.low.origin, "mixed", indexOf([imageOf({ seed: "none" }), arm]), "v1");
  await pushArtifact(world.low.origin, "bare", indexOf([imageOf({ seed: "none" })]), "v1");
  await Bun.write(world.dir.file("list"), "low.test/mixed:v1\n");
  const good = await world.run([
    "mirror",
    "gather",
    world.dir.file("list"),
    "high.test/g:1",
    "-p",
    "linux/arm64",
  ]);
  expect(good).toMatchObject({ code: 0 });
  expect((await walkImage(world.high.origin, "g", "1")).digests).toContain(arm.root.digest);
  await Bun.write(world.dir.file("list"), "low.test/bare:v1\n");
  const bad = await world.run([
    "mirror",
    "gather",
    world.dir.file("list"),
    "high.test/g:2",
    "-p",
    "linux/arm64",
  ]);
  expect(bad).toMatchObject({ code: 5 });
  expect(bad.stderr).toContain("low.test/bare:v1: it has no image for linux/arm64");
  expect(bad.stderr).toContain("None of its entries names a platform");
});

const unauthorized = { status: 401, headers: { "WWW-Authenticate": 'Basic realm="x"' } };

test.each([
  ["401", unauthorized],
  ["403", { status: 403 }],
] as const)(
  "%s while pulling ends with 4 and says who may not pull what, and what helps",
  async (_, answer) => {
    await using world = await openWorld();
    await pushPlain(world, "app", [1000]);
    world.lowProxy.setRules([{ answer }]);
    const { code, stderr } = await serialize(world, "app");
    expect({ code, stderr }).toMatchObject({ code: 4 });
    expect(stderr).toMatch(/may not pull from low\.test\/app/);
    expect(stderr).toContain("hint: ");
    expect(stderr).toContain("registryAuthFile");
    expect(await Bun.file(world.dir.file("out.tar")).exists()).toBe(false);
  },
);

test.each([
  ["401", unauthorized],
  ["403", { status: 403 }],
] as const)("%s while pushing ends with 4 and says who may not push where", async (_, answer) => {
  await using world = await openWorld();
  await pushPlain(world, "app", [1000]);
  expect((await serialize(world, "app")).code).toBe(0);
  world.highProxy.setRules([
    { method: "POST", answer },
    { method: "PUT", answer },
  ]);
  const { code, stderr } = await world.run([
    "mirror",
    "deserialize",
    world.dir.file("out.tar"),
    "high.test/x:1",
  ]);
  expect({ code, stderr }).toMatchObject({ code: 4 });
  expect(stderr).toMatch(/may not push to high\.test\/x/);
  expect(stderr).toContain("registryAuthFile");
});

test("the hints about access name only commands that exist", async () => {
  await using world = await openWorld();
  world.lowProxy.setRules([{ answer: { status: 403 } }]);
  const { stderr } = await serialize(world, "app");
  for (const [, words = ""] of stderr.matchAll(/"ace-dt ([^"]+)"/g)) {
    expect((await world.run(words.split(" "))).stderr).not.toContain("there is no such command");
  }
});

test("404 ends with 5 and names the image and the registry", async () => {
  await using world = await openWorld();
  const { code, stderr } = await serialize(world, "nothing-here");
  expect({ code, stderr }).toMatchObject({ code: 5 });
  expect(stderr).toContain("low.test/nothing-here:v1");
  expect(stderr).toContain("no such thing");
});

test("a host where nobody listens ends with 5, at once, and says which address", async () => {
  await using world = await openWorld();
  const { code, stderr, ms } = await world.run([
    "mirror",
    "serialize",
    "nobody.test/a:1",
    world.dir.file("out.tar"),
  ]);
  expect({ code, stderr }).toMatchObject({ code: 5 });
  expect(stderr).toContain("http://127.0.0.1:1");
  expect(stderr).toContain("nobody.test/a:1");
  expect(stderr).toContain("hint: ");
  expect(ms).toBeLessThan(3000);
});

test("gather with one source missing copies the others, pushes no index, lists the one, and ends with 1", async () => {
  await using world = await openWorld();
  const first = await pushPlain(world, "first", [2000]);
  const second = await pushPlain(world, "second", [2000]);
  await Bun.write(world.dir.file("list"), "low.test/first:v1\nlow.test/gone:v1\nlow.test/second:v1\n");
  const { code, stderr } = await world.run(["mirror", "gather", world.dir.file("list"), "high.test/g:1"]);
  expect({ code, stderr }).toMatchObject({ code: 1 });
  expect(stderr).toContain("1 of 3 images");
  expect(stderr).toMatch(/^low\.test\/gone:v1: /m);
  expect(stderr).not.toMatch(/^low\.test\/(first|second):v1: /m);
  expect(await world.highHas("g", "1")).toBe(false);
  expect(await world.highHas("g", first.image.root.digest)).toBe(true);
  expect(await world.highHas("g", second.image.root.digest)).toBe(true);
});

test("gather into a tag that has an earlier gather leaves it alone when a source is missing now", async () => {
  await using world = await openWorld();
  await pushPlain(world, "first", [2000]);
  await Bun.write(world.dir.file("list"), "low.test/first:v1\n");
  expect(await world.run(["mirror", "gather", world.dir.file("list"), "high.test/g:1"])).toMatchObject({
    code: 0,
  });
  const before = (await walkImage(world.high.origin, "g", "1")).root.digest;
  await Bun.write(world.dir.file("list"), "low.test/first:v1,a=b\nlow.test/gone:v1\n");
  const { code } = await world.run(["mirror", "gather", world.dir.file("list"), "high.test/g:1"]);
  expect(code).toBe(1);
  expect((await walkImage(world.high.origin, "g", "1")).root.digest).toBe(before);
});

test("scatter with one destination that fails does the others, lists the one, and ends with 1", async () => {
  await using world = await openWorld();
  const { image } = await pushPlain(world, "app", [2000]);
  const places = ["high.test/a", "nobody.test/b", "high.test/denied", "high.test/c"];
  await Bun.write(world.dir.file("map.csv"), places.map((place) => `low.test/app,${place}\n`).join(""));
  world.highProxy.setRules([{ path: /\/v2\/denied\//, answer: { status: 403 } }]);
  const { code, stderr } = await world.run([
    ...["mirror", "scatter", "low.test/app:v1", `all-prefix=${world.dir.file("map.csv")}`],
  ]);
  expect({ code, stderr }).toMatchObject({ code: 1 });
  expect(stderr).toContain("2 of 4 images");
  expect(stderr).toMatch(/^low\.test\/app:v1 -> nobody\.test\/b:v1: .*127\.0\.0\.1:1/m);
  expect(stderr).toMatch(/^low\.test\/app:v1 -> high\.test\/denied:v1: .*may not/m);
  for (const name of ["a", "c"]) {
    expect((await walkImage(world.high.origin, name, "v1")).digests).toContain(image.root.digest);
  }
  expect(await world.highHas("denied", "v1")).toBe(false);
});

test("a registry that closes each connection without saying so gets all blobs and gives them all", async () => {
  await using world = await openWorld();
  const names = Array.from({ length: 12 }, (_, at) => `app${at}`);
  for (const name of names) await pushPlain(world, name, [2000, 70_000, 3]);
  await Bun.write(world.dir.file("list"), names.map((name) => `low.test/${name}:v1\n`).join(""));
  for (const proxy of [world.lowProxy, world.highProxy])
    proxy.setRules([{ path: /.*/, dropHeaders: ["connection"] }]);
  const gathered = await world.run(["mirror", "gather", world.dir.file("list"), "high.test/g:1"]);
  expect(gathered).toMatchObject({ code: 0 });
  expect(
    await world.run(["mirror", "serialize", "high.test/g:1", world.dir.file("out.tar"), "--force"]),
  ).toMatchObject({ code: 0 });
  const read = await world.run(["mirror", "deserialize", world.dir.file("out.tar"), "high.test/read:1"]);
  expect(read).toMatchObject({ code: 0 });
  expect((await walkImage(world.high.origin, "read", "1")).root.digest).toBe(
    (await walkImage(world.high.origin, "g", "1")).root.digest,
  );
});
