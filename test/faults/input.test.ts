/** Lists, mappers and archives that are wrong, cut, damaged or meant to do harm, met by the compiled binary. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { program, testNeeding } from "../support/needs.ts";
import { walkImage } from "../support/push.ts";
import type { RunResult } from "../support/run-binary.ts";
import { tarOf } from "../support/seeded-bytes.ts";
import { pushPlaced, sourcesList, standardImages } from "../support/standard-images.ts";
import { tempDir } from "../support/temp-dir.ts";
import { type Found, readLedgerLines, walkTar } from "./archive-facts.ts";
import { openWorld, pushPlain, type World } from "./world.ts";

const images = standardImages(4000);
let world: World;
/** A good archive of all of them, with shared layers, and its entries. */
let good: Buffer;
let entries: Found[];
let rootDigest: string;

beforeAll(async () => {
  world = await openWorld();
  await pushPlaced(world.low.origin, images);
  await Bun.write(world.dir.file("list"), sourcesList("low.test", images));
  const file = world.dir.file("good.tar");
  for (const step of [
    ["gather", world.dir.file("list"), "low.test/all:1"],
    ["serialize", "low.test/all:1", file],
  ]) {
    expect(await world.run(["mirror", ...step])).toMatchObject({ code: 0 });
  }
  good = readFileSync(file);
  const walked = walkTar(good);
  expect(walked.hasEndMarker).toBe(true);
  entries = walked.entries;
  rootDigest = (await walkImage(world.low.origin, "all", "1")).root.digest;
});
afterAll(() => world[Symbol.asyncDispose]());

let repositories = 0;

/** Deserializes bytes, from a file or through a pipe, into a repository of its own. */
async function deserialize(
  bytes: Uint8Array,
  through: "file" | "pipe",
  ...flags: string[]
): Promise<RunResult & { repository: string }> {
  const repository = `x${++repositories}`;
  const args = ["mirror", "deserialize", ...flags];
  if (through === "pipe") {
    const result = await world.run([...args, "-", `high.test/${repository}:1`], { stdin: new Blob([bytes]) });
    return { ...result, repository };
  }
  const file = world.dir.file(`${repository}.tar`);
  await Bun.write(file, bytes);
  return { ...(await world.run([...args, file, `high.test/${repository}:1`])), repository };
}

/** Deserializes what must be refused: 6, some words, no tag. */
async function refused(
  bytes: Uint8Array,
  through: "file" | "pipe",
  words: RegExp | string,
  ...flags: string[]
): Promise<RunResult> {
  const result = await deserialize(bytes, through, ...flags);
  expect({ code: result.code, stderr: result.stderr }).toMatchObject({ code: 6 });
  expect(result.stderr).toMatch(words);
  expect(result.stderr).not.toMatch(/^ +at /m);
  expect(await world.highHas(result.repository, "1")).toBe(false);
  return result;
}

/** The entries of the good archive as files, to be changed and put into a tar again. */
const files = () =>
  entries.filter(({ size }) => size > 0).map(({ name, body }) => ({ name, bytes: new Uint8Array(body!) }));

/** A copy of the good archive with one byte inverted. */
function flipped(at: number): Buffer {
  const copy = Buffer.from(good);
  copy[at] = 255 - copy[at]!;
  return copy;
}

const blobs = () => entries.filter(({ name }) => /^blobs\/sha256\/./.test(name));
const isManifest = ({ body }: Found) => body!.toString().startsWith("{") && body!.includes('"schemaVersion"');
const layerEntry = () => blobs().find((entry) => !isManifest(entry) && entry.size > 3000)!;

describe("lists and mappers", () => {
  test.each([
    ["empty", "", "there is no image in it"],
    ["only comments", "# nothing\n\n  # here\n", "there is no image in it"],
    ["a name without a registry in line 3", "# a\nlow.test/a:1\nubuntu\n", ":3: "],
    ["an upper-case repository in line 1", "low.test/Upper:1\n", ":1: "],
    ["a digest cut short in line 2", "low.test/a:1\nlow.test/b@sha256:abc\n", ":2: "],
    ["a label without a value sign in line 2", "low.test/a:1\nlow.test/b:1,label\n", ":2: "],
    ["a label that Kubernetes would refuse in line 1", "low.test/a:1,key=has blank\n", ":1: "],
    ["an open quote in line 2", 'low.test/a:1\n"low.test/b:1\n', ":2: "],
    ["bytes that are no text", "\u0000\u0001\ufffd\n", ":1: "],
  ])("sources.list with %s ends with 3, file and line, and asks no registry", async (_, text, words) => {
    await using dir = await tempDir();
    await Bun.write(dir.file("sources.list"), text);
    const before = world.lowProxy.requests.length;
    const { code, stderr } = await world.run(["mirror", "gather", dir.file("sources.list"), "high.test/g:1"]);
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain(`${dir.file("sources.list")}${words.startsWith(":") ? words : ""}`);
    expect(stderr).toContain(words);
    expect(world.lowProxy.requests.length).toBe(before);
  });

  test("a sources.list that is not there ends with 3 and its name", async () => {
    const { code, stderr } = await world.run(["mirror", "gather", "/no/such/list", "high.test/g:1"]);
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain("/no/such/list: no such file");
  });

  test.each([
    ["three columns in line 2", "all-prefix", "a,b\na,b,c\n", ":2: it has 3 columns, not 2"],
    ["one column in line 1", "longest-prefix", "low.test/a\n", ":1: it has 1 column, not 2"],
    ["an empty destination in line 3", "digests", `# c\n\nsha256:${"0".repeat(64)},\n`, ":3: "],
    ["an open quote in line 1", "all-prefix", '"a,b\n', ":1: "],
    ["a digest that is none in line 1", "digests", "sha256:abc,high.test/a\n", ":1: "],
  ])("a mapper file with %s ends with 3, file and line, and pushes nothing", async (_, kind, text, words) => {
    await using dir = await tempDir();
    await Bun.write(dir.file("map.csv"), text);
    const before = world.highProxy.requests.length;
    const { code, stderr } = await world.run([
      "mirror",
      "scatter",
      "low.test/all:1",
      `${kind}=${dir.file("map.csv")}`,
    ]);
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain(`${dir.file("map.csv")}${words}`);
    expect(world.highProxy.requests.length).toBe(before);
  });

  test("a mapper whose destination is no reference ends with 3, names it, and pushes nothing", async () => {
    await using dir = await tempDir();
    await Bun.write(dir.file("map.csv"), "low.test/,high.test/UPPER/\n");
    const before = world.highProxy.requests.length;
    const { code, stderr } = await world.run([
      "mirror",
      "scatter",
      "low.test/all:1",
      `all-prefix=${dir.file("map.csv")}`,
    ]);
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain("high.test/UPPER/");
    expect(world.highProxy.requests.length).toBe(before);
  });

  test("a mapper file that is not there ends with 3 and its name", async () => {
    const { code, stderr } = await world.run(["mirror", "scatter", "low.test/all:1", "digests=/no/such.csv"]);
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain("/no/such.csv");
  });

  test.each([
    ["is not JSON in line 2", '{"digest":1\n', 1],
    ["is no descriptor in line 1", "{}\n", 1],
  ])("a checkpoint that %s ends with 3, file and line, and writes nothing", async (_, text, line) => {
    await using dir = await tempDir();
    await Bun.write(dir.file("cp"), text);
    const flag = ["--existing-from-checkpoint", `${dir.file("cp")}:1000`];
    const { code, stderr } = await world.run([
      "mirror",
      "serialize",
      "low.test/all:1",
      dir.file("out.tar"),
      ...flag,
    ]);
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain(`${dir.file("cp")}:${line}: `);
    expect(existsSync(dir.file("out.tar"))).toBe(false);
  });
});

describe.each(["file", "pipe"] as const)("an archive from a %s", (through) => {
  test("that is good is put down whole", async () => {
    const { code, stderr, repository } = await deserialize(good, through);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect((await walkImage(world.high.origin, repository, "1")).root.digest).toBe(
      rootDigest as `sha256:${string}`,
    );
  });

  test("that is no tar is refused", async () => {
    await refused(Buffer.from("this is no archive\n".repeat(100)), through, "it is not a tar archive");
    await refused(Buffer.from("short"), through, /not a tar|incomplete/);
  });

  test("that is empty is refused", () => refused(new Uint8Array(0), through, "it is empty").then(() => {}));

  test("that is cut is incomplete, wherever the cut is", async () => {
    const layer = layerEntry();
    const manifest = blobs().find(isManifest)!;
    const last = entries.at(-1)!;
    const cuts = [
      100, // in the first header
      512, // after it
      manifest.bodyOffset + 50,
      layer.bodyOffset - 200,
      layer.bodyOffset,
      layer.bodyOffset + 1000,
      layer.bodyOffset + layer.size, // before its padding
      layer.end,
      last.bodyOffset - 512, // before the last index.json
      last.bodyOffset + 20,
      last.end, // before the end marker
    ];
    for (const cut of cuts) await refused(good.subarray(0, cut), through, "incomplete");
  });

  test("that lacks the last half of its end marker is whole all the same", async () => {
    const { code } = await deserialize(good.subarray(0, entries.at(-1)!.end + 512), through);
    expect(code).toBe(0);
  });

  test("with a flipped byte in a header, a layer or a manifest is refused, and says where", async () => {
    const layer = layerEntry();
    const manifest = blobs().findLast(isManifest)!;
    await refused(
      flipped(layer.bodyOffset - 512 + 20),
      through,
      `at byte ${layer.bodyOffset - 512}: the header's checksum is wrong`,
    );
    await refused(flipped(layer.bodyOffset - 512 + 130), through, "checksum");
    for (const { name, bodyOffset } of [layer, manifest]) {
      const { stderr } = await refused(flipped(bodyOffset + 100), through, `byte ${bodyOffset}`);
      const named = new Set(stderr.match(/sha256:[0-9a-f]{64}/g));
      expect(named).toContain(name.replace("blobs/sha256/", "sha256:"));
      expect(named.size).toBe(2);
    }
  });

  test("with a flipped byte in index.json is refused", async () => {
    const [first] = entries.filter(({ name }) => name === "index.json");
    const text = first!.body!.toString();
    const digest = first!.bodyOffset + text.indexOf(rootDigest) + 10;
    const broken = Buffer.from(good);
    broken[digest] = broken[digest] === 0x61 ? 0x62 : 0x61;
    const { stderr } = await refused(broken, through, "sha256:");
    expect(stderr).toContain(broken.toString("latin1", digest - 10, digest + 61));
    await refused(flipped(first!.bodyOffset), through, "index.json");
    const size = Buffer.from(good);
    const digit = first!.bodyOffset + text.indexOf('"size": ') + 8;
    size[digit] = size[digit] === 0x39 ? 0x38 : size[digit]! + 1;
    await refused(size, through, "its descriptor says");
  });

  test.each([
    "../../etc/passwd",
    "/etc/passwd",
    "blobs/../../../tmp/x",
    "./../x",
    "blobs/sha256/..",
    "C:\\windows\\x",
  ])("with an entry %s is refused, and nothing is written anywhere", async (name) => {
    const trick = tarOf([
      ...files().slice(0, 3),
      { name, bytes: Buffer.from("gotcha") },
      ...files().slice(3),
    ]);
    await refused(trick, through, "Cannot use archive entry");
  });

  test("whose blob is a link gets nothing from where the link points", async () => {
    const copy = Buffer.from(good);
    const { bodyOffset } = layerEntry();
    const header = copy.subarray(bodyOffset - 512, bodyOffset);
    header.write("2", 156);
    header.write("/etc/passwd", 157);
    header.write("        ", 148);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    await refused(copy, through, /checksum|not a tar|sha256/);
  });

  test("that claims 10 GB in 1 KB is refused at once", async () => {
    const tar = Buffer.from(tarOf([{ name: layerEntry().name, bytes: new Uint8Array(0) }]));
    const claim = (octal: string) => {
      tar.write(octal, 124, "latin1");
      tar.write("        ", 148);
      const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
      tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    };
    for (const octal of ["112402762000\0", "777777777777", "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff"]) {
      claim(octal.slice(0, 12));
      const { ms } = await refused(tar.subarray(0, 1024), through, /incomplete|beyond what is possible/);
      expect(ms).toBeLessThan(5000);
    }
    for (const name of ["index.json", "oci-layout"]) {
      const small = Buffer.from(tarOf([{ name, bytes: new Uint8Array(0) }]));
      tar.copy(small, 100, 100, 148);
      small.write("112402762000\0", 124);
      small.write("        ", 148);
      const sum = small.subarray(0, 512).reduce((total, byte) => total + byte, 0);
      small.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
      await refused(small, through, /10000000000|incomplete/);
    }
  });

  test("with a second archive behind it is refused", async () => {
    await refused(Buffer.concat([good, good]), through, "something follows the end of the archive");
    await refused(
      Buffer.concat([good, Buffer.alloc(1024 * 1024), Buffer.from("x")]),
      through,
      "something follows",
    );
  });

  test("with zeros behind it, as a tape's last block has them, is good", async () => {
    expect(await deserialize(Buffer.concat([good, Buffer.alloc(300_000)]), through)).toMatchObject({
      code: 0,
    });
  });

  test("that has a blob twice is refused", async () => {
    const again = files().find(({ name }) => name === layerEntry().name)!;
    await refused(tarOf([...files().slice(0, -1), again, files().at(-1)!]), through, "twice");
  });

  test("without an index.json, or with one that names nothing it has, is refused", async () => {
    await refused(tarOf(files().filter(({ name }) => name !== "index.json")), through, "no index.json");
    await refused(tarOf(files().filter(({ name }) => !name.startsWith("blobs/"))), through, rootDigest);
  });

  test.each([
    ["gzip", (bytes: Buffer) => gzipSync(bytes)],
    ["zstd", (bytes: Buffer) => zstdCompressSync(bytes)],
  ] as const)("in %s is read, and refused when it is damaged or cut", async (_, pack) => {
    const packed = pack(good);
    expect(await deserialize(packed, through)).toMatchObject({ code: 0 });
    const damaged = Buffer.from(packed);
    damaged.fill(0x55, Math.floor(packed.length / 2), Math.floor(packed.length / 2) + 64);
    await refused(damaged, through, /damaged|corrupt|hashes to|checksum|sha256/);
    await refused(packed.subarray(0, Math.floor(packed.length / 2)), through, /incomplete|ends|cut/);
    await refused(packed.subarray(0, packed.length - 4), through, /incomplete|ends|cut/);
  });

  test("is checked by --dry-run, which takes shared layers, finds a flipped byte in one layer, and pushes nothing", async () => {
    const { origin } = world.high;
    const before = world.highProxy.requests.length;
    const whole = await deserialize(good, through, "--dry-run");
    expect({ code: whole.code, stderr: whole.stderr }).toMatchObject({ code: 0 });
    await refused(flipped(layerEntry().bodyOffset + 2000), through, "sha256:", "--dry-run");
    const cut = await refused(good.subarray(0, layerEntry().end), through, "incomplete", "--dry-run");
    expect(cut.stderr).not.toContain("are in high.test");
    const asked = world.highProxy.requests.slice(before);
    expect(asked.filter(({ method }) => method !== "GET" && method !== "HEAD")).toEqual([]);
    expect((await fetch(`${origin}/v2/${whole.repository}/tags/list`)).status).toBe(404);
  });

  test("of ours is taken by --strict, and one in another order is not", async () => {
    expect(await deserialize(good, through, "--strict")).toMatchObject({ code: 0 });
    const [layout, index, ...rest] = files();
    const swapped = tarOf([index!, layout!, ...rest]);
    await refused(swapped, through, /strictly in order: entry "index.json" at byte 0/, "--strict");
    expect(await deserialize(swapped, through)).toMatchObject({ code: 0 });
    const more = tarOf([{ name: "README", bytes: Buffer.from("x") }]);
    const longer = Buffer.concat([good.subarray(0, entries.at(-1)!.end), more]);
    await refused(longer, through, 'entry "README"', "--strict");
    expect(await deserialize(longer, through)).toMatchObject({ code: 0 });
  });
});

testNeeding(
  [program("tar")],
  "an archive that GNU tar wrote, in any order and with ./, is taken, and refused by --strict",
  async () => {
    await using dir = await tempDir();
    await mkdir(dir.file("layout"));
    const tar = (...args: string[]) => expect(Bun.spawnSync(["tar", ...args]).exitCode).toBe(0);
    tar("-xf", world.dir.file("good.tar"), "-C", dir.file("layout"));
    const names = (await readdir(dir.file("layout/blobs/sha256"))).map((name) => `./blobs/sha256/${name}`);
    const base = ["-C", dir.file("layout"), "-cf"];
    tar(...base, dir.file("dot.tar"), ".");
    tar(...base, dir.file("backwards.tar"), ...names.reverse(), "index.json", "oci-layout");
    tar("--format=gnu", ...base, dir.file("gnu.tar"), "oci-layout", "index.json", "blobs");
    tar("--format=pax", ...base, dir.file("pax.tar"), "index.json", "blobs", "oci-layout");
    for (const name of ["dot", "backwards", "gnu", "pax"]) {
      const bytes = readFileSync(dir.file(`${name}.tar`));
      for (const through of ["file", "pipe"] as const) {
        const { code, stderr, repository } = await deserialize(bytes, through);
        expect({ name, through, code, stderr }).toMatchObject({ code: 0 });
        expect((await walkImage(world.high.origin, repository, "1")).root.digest).toBe(
          rootDigest as `sha256:${string}`,
        );
      }
      await refused(bytes, "file", "--strict", "--strict");
    }
  },
);

test("part 2 alone names each missing blob with its digest and source, ends with 6, and never tags", async () => {
  await using dir = await tempDir();
  const first = await world.run([
    "mirror",
    "serialize",
    "low.test/all:1",
    dir.file("1.tar"),
    "--checkpoint",
    dir.file("cp"),
  ]);
  expect(first).toMatchObject({ code: 0 });
  const lines = readLedgerLines(dir.file("cp"));
  const through = lines[Math.floor(lines.length / 2)]!.offset;
  const flag = ["--existing-from-checkpoint", `${dir.file("cp")}:${through}`];
  expect(
    await world.run(["mirror", "serialize", "low.test/all:1", dir.file("2.tar"), ...flag]),
  ).toMatchObject({ code: 0 });
  const second = readFileSync(dir.file("2.tar"));
  const has = new Set(walkTar(second).entries.map(({ name }) => name));
  const left = entries
    .filter(({ name }) => !has.has(name))
    .map(({ name }) => name.replace("blobs/sha256/", "sha256:"));
  expect(left.length).toBeGreaterThan(2);
  for (const how of ["file", "pipe"] as const) {
    const { stderr } = await refused(second, how, "neither in the archive nor at the destination");
    for (const digest of left)
      expect(stderr).toMatch(new RegExp(`^blob ${digest} \\(\\d+ bytes\\) of low\\.test/`, "m"));
  }
  const both = await deserialize(readFileSync(dir.file("1.tar")), "file");
  const again = await world.run([
    "mirror",
    "deserialize",
    dir.file("2.tar"),
    `high.test/${both.repository}:2`,
  ]);
  expect(again).toMatchObject({ code: 0 });
  expect((await walkImage(world.high.origin, both.repository, "2")).root.digest).toBe(
    rootDigest as `sha256:${string}`,
  );
});

test("a delta is completed from what the repository has; onto an empty one it is refused", async () => {
  await using dir = await tempDir();
  const { image } = await pushPlain(world, "newer", [3000]);
  await Bun.write(dir.file("list"), `${sourcesList("low.test", images)}low.test/newer:v1\n`);
  const delta = dir.file("delta.tar");
  for (const step of [
    ["gather", dir.file("list"), "low.test/all:2"],
    ["serialize", "low.test/all:2", delta, "low.test/all:1"],
    ["deserialize", world.dir.file("good.tar"), "high.test/grown:1"],
    ["deserialize", delta, "high.test/grown:2"],
  ]) {
    expect(await world.run(["mirror", ...step])).toMatchObject({ code: 0 });
  }
  expect((await walkImage(world.high.origin, "grown", "2")).digests).toContain(image.root.digest);
  await refused(readFileSync(delta), "file", "neither in the archive nor at the destination");
});

test.each([
  ["that is not there", "/no/such.tar", "no such file"],
  ["that is a directory", "/", "it is a directory"],
])("a source %s ends with 7 and says so", async (_, source, words) => {
  const { code, stderr } = await world.run(["mirror", "deserialize", source, "high.test/x:1"]);
  expect({ code, stderr }).toMatchObject({ code: 7 });
  expect(stderr).toContain(`Cannot read ${source}: ${words}`);
});
