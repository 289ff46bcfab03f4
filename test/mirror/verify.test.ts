/** Every kind of fault that an archive can have is found and named, by the compiled binary, from a file and from streams. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { blobEntryName } from "../../src/format/entry-name.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { type Found, walkTar } from "../faults/archive-facts.ts";
import { openWorld, type World } from "../faults/world.ts";
import { embedded } from "../support/embedded.ts";
import { layerOf } from "../support/images.ts";
import { program, testNeeding } from "../support/needs.ts";
import { originalFile } from "../support/original.ts";
import { type RunResult, runBinary, runOk, writeConfig } from "../support/run-binary.ts";
import { type TarFile, tarOf } from "../support/seeded-bytes.ts";
import { skopeoCopy, skopeoNeed } from "../support/skopeo.ts";
import { pushPlaced, sourcesList, standardImages } from "../support/standard-images.ts";

setDefaultTimeout(60_000);

/** A row of `-o json`. */
interface Row {
  archive: string;
  digest: string | null;
  fault: string;
  image: string | null;
  message: string;
  offset: number | null;
}

let world: World;
/** An archive of ours with manifest.json and a ledger, and its entries. */
let good: Buffer;
let ledger: string;
let entries: Found[];
const images = standardImages(4000);

beforeAll(async () => {
  world = await openWorld();
  await pushPlaced(world.low.origin, images);
  await Bun.write(world.dir.file("list"), sourcesList("low.test", images));
  const { file } = world.dir;
  for (const step of [
    ["gather", file("list"), "low.test/all:1", "-r"],
    [
      "serialize",
      "low.test/all:1",
      file("good.tar"),
      "-r",
      "--manifest-json",
      "--checkpoint",
      file("good.ledger"),
    ],
  ]) {
    const { code, stderr } = await world.run(["mirror", ...step]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
  good = readFileSync(file("good.tar"));
  ledger = readFileSync(file("good.ledger"), "utf8");
  entries = walkTar(good).entries;
});
afterAll(() => world[Symbol.asyncDispose]());

let written = 0;

/** Puts bytes into a file of their own. */
async function fileOf(bytes: Uint8Array | string): Promise<string> {
  const path = world.dir.file(`case-${++written}`);
  await Bun.write(path, bytes);
  return path;
}

/** Runs verify, offline: no configuration, no registry. */
async function verifyFiles(
  paths: readonly string[],
  ...flags: string[]
): Promise<RunResult & { rows: Row[] }> {
  const result = await runBinary(["mirror", "verify", ...paths, "-o", "json", ...flags]);
  return { ...result, rows: result.stdout === "" ? [] : JSON.parse(result.stdout) };
}

async function verifyBytes(bytes: Uint8Array, ...flags: string[]): Promise<RunResult & { rows: Row[] }> {
  return verifyFiles([await fileOf(bytes)], ...flags);
}

/** The faults of bytes that must have some: kind, byte and digest of each, in order. */
async function faultsOf(bytes: Uint8Array, ...flags: string[]): Promise<Row[]> {
  const { code, stderr, rows } = await verifyBytes(bytes, ...flags);
  expect({ code, stderr }).toMatchObject({ code: 6 });
  expect(stderr).not.toMatch(/^ +at /m);
  return rows;
}

const kinds = (rows: readonly Row[]) => rows.map(({ fault }) => fault);

/** The good archive as files, to be changed and put into a tar again. */
const files = (): TarFile[] =>
  entries.filter(({ size }) => size > 0).map(({ name, body }) => ({ name, bytes: new Uint8Array(body!) }));

/** A copy of the good archive with some bytes inverted. */
function flipped(...places: number[]): Buffer {
  const copy = Buffer.from(good);
  for (const at of places) copy[at] = 255 - copy[at]!;
  return copy;
}

const blobs = () => entries.filter(({ name }) => /^blobs\/sha256\/./.test(name));
const digestIn = ({ name }: { name: string }) => name.replace("blobs/sha256/", "sha256:") as Digest;
const isManifest = ({ body }: Found) => body!.toString().startsWith("{") && body!.includes('"schemaVersion"');
const layers = () => blobs().filter((entry) => !isManifest(entry) && entry.size > 3000);
const manifests = () => blobs().filter(isManifest);

/** A manifest and what it names replaced by others, with all digests above it made right again, is more than these tests need. */
function withFile(name: string, change: (text: string) => string, nth = 0): TarFile[] {
  const all = files();
  const at = all.map((file) => file.name).indexOf(name, 0);
  const index = nth === 0 ? at : all.findLastIndex((file) => file.name === name);
  all[index] = { name, bytes: Buffer.from(change(Buffer.from(all[index]!.bytes).toString())) };
  return all;
}

describe("archives that are whole", () => {
  test.each([
    "serialize.tar",
    "serialize.tar.gz",
    "serialize.tar.zst",
    "serialize-manifest-json.tar",
    "serialize-index-fallback.tar",
    "batch/000001-tools.tar",
    "batch/000002-ops.tar",
  ])("the original's %s has no fault, from a file and from standard input", async (name) => {
    const path = originalFile(name);
    for (const way of ["file", "stdin"]) {
      const { code, stdout, stderr } = await runBinary(["mirror", "verify", way === "file" ? path : "-"], {
        ...(way === "file" ? {} : { stdin: Bun.file(path) }),
      });
      expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: "" });
      expect(stderr).toMatch(/^verify: 1 archive, \d images?, \d+ blobs, .*; no fault\n$/);
    }
  });

  test("the original's ledger agrees with its archive", async () => {
    const flags = ["--checkpoint", originalFile("serialize.ledger")];
    const { code, rows, stderr } = await verifyFiles([originalFile("serialize.tar")], ...flags);
    expect({ code, rows, stderr }).toMatchObject({ code: 0, rows: [] });
  });

  test("an archive of ours agrees with its ledger, packed or not", async () => {
    const flags = ["--checkpoint", world.dir.file("good.ledger")];
    const { code, stderr, stdout } = await verifyFiles([world.dir.file("good.tar")], ...flags);
    expect({ code, stderr, stdout }).toMatchObject({ code: 0, stdout: "[]\n" });
    const packed = world.dir.file("packed.tar.zst");
    const step = [
      "serialize",
      "low.test/all:1",
      packed,
      "--compression",
      "zstd",
      "--checkpoint",
      `${packed}.cp`,
    ];
    expect(await world.run(["mirror", ...step])).toMatchObject({ code: 0 });
    expect(await verifyFiles([packed], "--checkpoint", `${packed}.cp`)).toMatchObject({ code: 0 });
  });

  test("what a sparse index leaves out on purpose is no fault", async () => {
    await using registry = await embedded({ sparseIndexes: true });
    const { file } = world.dir;
    const config = await writeConfig(file("sparse.yaml"), {
      "low.test": world.low.origin,
      "sparse.test": registry.origin,
    });
    await Bun.write(file("sparse.list"), "low.test/library/multi:v2\n");
    const flags = ["-p", "linux/arm64", "--platform-mode", "sparse"];
    for (const step of [
      ["gather", file("sparse.list"), "sparse.test/all:1", ...flags],
      ["serialize", "sparse.test/all:1", file("sparse.tar")],
    ])
      await runOk(["mirror", ...step, "--config", config]);
    const { code, rows, stderr } = await verifyFiles([file("sparse.tar")]);
    expect({ code, rows, stderr }).toMatchObject({ code: 0, rows: [] });
  });

  testNeeding([skopeoNeed], "skopeo's oci-archive of a multi-platform image has no fault", async () => {
    const archive = world.dir.file("skopeo.tar");
    await skopeoCopy(
      `docker://${new URL(world.low.origin).host}/library/multi:v2`,
      `oci-archive:${archive}:v2`,
    );
    for (const bytes of [readFileSync(archive), zstdCompressSync(readFileSync(archive))]) {
      const { code, rows, stderr } = await verifyBytes(bytes);
      expect({ code, rows, stderr }).toMatchObject({ code: 0, rows: [] });
    }
  });

  test("without its second block of the end marker it is whole all the same", async () => {
    expect(await verifyBytes(good.subarray(0, entries.at(-1)!.end + 512))).toMatchObject({ code: 0 });
  });

  test("a blob that nothing names, and files of others, are a warning at most", async () => {
    const stray = layerOf("stray");
    const extra = [
      { name: blobEntryName(stray.descriptor.digest), bytes: stray.bytes },
      { name: "README", bytes: Buffer.from("hello") },
    ];
    const { code, stderr } = await verifyBytes(tarOf([...files(), ...extra]));
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain(stray.descriptor.digest);
  });
});

describe.each(["file", "gzip", "zstd"] as const)("each kind of fault, from %s", (way) => {
  const pack = (bytes: Uint8Array): Uint8Array =>
    way === "file" ? bytes : way === "gzip" ? gzipSync(bytes) : zstdCompressSync(bytes);

  test("digest: a flipped byte in a layer, with its byte, digest and image", async () => {
    const layer = layers()[0]!;
    const rows = await faultsOf(pack(flipped(layer.bodyOffset + 100)));
    expect(rows).toMatchObject([{ fault: "digest", offset: layer.bodyOffset, digest: digestIn(layer) }]);
    expect(rows[0]!.image).toMatch(/^low\.test\//);
    expect(rows[0]!.message).toMatch(/^its bytes hash to sha256:[0-9a-f]{64}$/);
  });

  test("digest: a flipped byte in a manifest; nothing else is told of what is below it", async () => {
    const manifest = manifests().findLast(({ body }) => body!.includes('"layers"'))!;
    const rows = await faultsOf(pack(flipped(manifest.bodyOffset + 100)));
    expect(rows).toMatchObject([
      { fault: "digest", offset: manifest.bodyOffset, digest: digestIn(manifest) },
    ]);
  });

  test("header: a damaged header is passed over, and all behind it is still checked", async () => {
    const [first, second] = [layers()[0]!, layers()[2]!];
    const rows = await faultsOf(pack(flipped(first.bodyOffset - 512 + 20, second.bodyOffset + 7)));
    expect(rows).toMatchObject([
      { fault: "header", offset: first.bodyOffset - 512 },
      { fault: "digest", offset: second.bodyOffset, digest: digestIn(second) },
      { fault: "missing", offset: null, digest: digestIn(first) },
    ]);
    expect(rows[0]!.message).toContain("up to the next header, at byte ");
  });

  test("name: an entry that leads out of the archive", async () => {
    const rows = await faultsOf(
      pack(tarOf([...files(), { name: "../../etc/passwd", bytes: Buffer.from("x") }])),
    );
    expect(kinds(rows)).toEqual(["name"]);
    expect(rows[0]!.message).toContain('"../../etc/passwd"');
  });

  test("cut: wherever the end is missing, it is told, and so is what is missing then", async () => {
    const layer = layers()[1]!;
    for (const cut of [layer.bodyOffset + 1000, layer.bodyOffset - 100, layer.end]) {
      const rows = await faultsOf(pack(good.subarray(0, cut)));
      expect(rows.filter(({ fault }) => fault === "cut")).toMatchObject([{ offset: cut }]);
      const missing = rows.filter(({ fault }) => fault === "missing").map(({ digest }) => digest);
      expect(missing.includes(digestIn(layer))).toBe(cut !== layer.end);
      expect(missing.length).toBeGreaterThan(0);
    }
    const end = entries.at(-1)!.end;
    const rows = await faultsOf(pack(good.subarray(0, end)));
    expect(rows).toMatchObject([{ fault: "cut", offset: end }]);
    expect(rows[0]!.message).toContain("without its end marker");
  });

  test("trailing: a second archive behind the first", async () => {
    const rows = await faultsOf(pack(Buffer.concat([good, good])));
    expect(rows).toMatchObject([{ fault: "trailing", offset: good.length }]);
  });

  test("layout: none, and one of another version", async () => {
    const without = tarOf(files().filter(({ name }) => name !== "oci-layout"));
    expect(kinds(await faultsOf(pack(without)))).toEqual(["layout"]);
    const other = tarOf(withFile("oci-layout", (text) => text.replace("1.0.0", "2.0.0")));
    expect(kinds(await faultsOf(pack(other)))).toEqual(["layout"]);
  });

  test("index: none at all", async () => {
    const without = tarOf(files().filter(({ name }) => name !== "index.json"));
    const rows = await faultsOf(pack(without));
    expect(kinds(rows)).toEqual(["index"]);
  });

  test("index: one that is no JSON, and two that disagree about the root", async () => {
    const broken = tarOf(withFile("index.json", (text) => text.slice(1)));
    expect(kinds(await faultsOf(pack(broken)))).toContain("index");
    const [root, other] = [digestIn(manifests()[0]!), digestIn(manifests()[1]!)];
    const rows = await faultsOf(pack(tarOf(withFile("index.json", (text) => text.replace(root, other)))));
    expect(rows.find(({ fault }) => fault === "index")!.message).toContain(root);
  });

  test("index: the last one leaves out a manifest, or names one that is not there", async () => {
    const manifest = manifests().at(-1)!;
    const swapped = digestOf(Buffer.from("nowhere"));
    const change = (text: string) => text.replaceAll(digestIn(manifest), swapped);
    const rows = await faultsOf(pack(tarOf(withFile("index.json", change, 1))));
    expect(rows.map(({ fault, digest }) => [fault, digest])).toEqual(
      expect.arrayContaining([["missing", swapped]]),
    );
  });

  test("duplicate: a blob, and a third index.json", async () => {
    const all = files();
    const again = all.find(({ name }) => name.startsWith("blobs/"))!;
    const rows = await faultsOf(pack(tarOf([...all, again])));
    expect(rows).toMatchObject([{ fault: "duplicate", digest: digestIn(again) }]);
    const third = all.findLast(({ name }) => name === "index.json")!;
    expect(kinds(await faultsOf(pack(tarOf([...all, third]))))).toEqual(["duplicate"]);
  });

  test("size: a descriptor that says another length", async () => {
    const root = manifests()[0]!;
    const change = (text: string) => text.replace(`"size": ${root.size}`, `"size": ${root.size + 1}`);
    const rows = await faultsOf(pack(tarOf(withFile("index.json", change))));
    expect(rows).toMatchObject([{ fault: "size", digest: digestIn(root) }]);
  });

  test("manifest: something that is none where index.json says so", async () => {
    const layer = layers()[0]!;
    const root = manifests()[0]!;
    const change = (text: string) =>
      text.replace(digestIn(root), digestIn(layer)).replace(`"size": ${root.size}`, `"size": ${layer.size}`);
    const both = withFile("index.json", change).map((file) =>
      file.name === "index.json"
        ? { ...file, bytes: Buffer.from(change(Buffer.from(file.bytes).toString())) }
        : file,
    );
    const rows = await faultsOf(pack(tarOf(both)));
    expect(rows.find(({ fault }) => fault === "manifest")).toMatchObject({ digest: digestIn(layer) });
  });

  test("missing: a layer and a manifest, each with the image it belongs to", async () => {
    const gone = [layers()[0]!, manifests().findLast(({ body }) => body!.includes('"layers"'))!];
    const rest = files().filter(({ name }) => gone.every((entry) => entry.name !== name));
    const rows = await faultsOf(pack(tarOf(rest.filter(({ name }) => name !== "manifest.json"))));
    expect(rows.map(({ fault, digest }) => [fault, digest]).sort()).toEqual(
      gone.map((entry) => ["missing", digestIn(entry)]).sort(),
    );
  });

  test("manifest-json: it names what is not there", async () => {
    const list = entries.at(-1)!.body!.toString();
    const layer = layers().find(({ name }) => list.includes(name))!;
    const change = (text: string) => text.replaceAll(layer.name, `${layer.name.slice(0, -4)}0000`);
    const rows = await faultsOf(pack(tarOf(withFile("manifest.json", change))));
    expect(kinds(rows)).toEqual(["manifest-json"]);
    expect(rows[0]!.message).toContain(`${layer.name.slice(0, -4)}0000`);
  });

  test("several at once are all told", async () => {
    const [first, second] = [layers()[0]!, layers()[1]!];
    const damaged = flipped(first.bodyOffset + 1, second.bodyOffset + 2, entries[0]!.bodyOffset);
    const rows = await faultsOf(pack(Buffer.concat([damaged, Buffer.from("more")])));
    expect(rows).toMatchObject([
      { fault: "layout", offset: 0 },
      { fault: "digest", digest: digestIn(first) },
      { fault: "digest", digest: digestIn(second) },
      { fault: "trailing", offset: good.length },
    ]);
  });
});

test("stream: a compressed archive that is damaged or cut is told, and so is what is missing then", async () => {
  const packed = gzipSync(good);
  const half = good.length >> 1;
  const frames = [
    zstdCompressSync(good.subarray(0, half)),
    zstdCompressSync(good.subarray(half)).subarray(0, -500),
  ];
  const broken = Buffer.from(packed);
  broken.fill(0xff, packed.length >> 1, (packed.length >> 1) + 100);
  for (const bytes of [packed.subarray(0, packed.length >> 1), broken]) {
    expect(kinds(await faultsOf(bytes))).toContain("stream");
  }
  // The first frame is whole, so that what is in it counts.
  const rows = await faultsOf(Buffer.concat(frames));
  expect(new Set(kinds(rows))).toEqual(new Set(["stream", "missing"]));
});

test("a size of 10 GB in a file of 1 kB is a cut archive, and no memory is taken for it", async () => {
  const header = Buffer.from(good.subarray(0, 512));
  header.write("00000000000\0", 124);
  header.write("100000000000", 124);
  header.write("        ", 148);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  const rows = await faultsOf(Buffer.concat([header, Buffer.alloc(512, 1)]));
  expect(rows).toMatchObject([{ fault: "cut", offset: 1024 }]);
});

test.each([
  ["text", "this is no archive\n".repeat(100), "it is not a tar archive"],
  ["nothing", "", "it is empty"],
])("a file of %s is refused in a sentence", async (_, text, words) => {
  for (const stdin of [false, true]) {
    const path = await fileOf(text);
    const { code, stderr } = await runBinary(["mirror", "verify", stdin ? "-" : path, "-q"], {
      ...(stdin ? { stdin: Bun.file(path) } : {}),
    });
    expect({ code, stderr }).toMatchObject({ code: 6 });
    expect(stderr).toContain(words);
  }
});

describe("ledgers", () => {
  test("a line with another offset, and one with a digest that is not there, are told with their lines", async () => {
    const lines = ledger.trimEnd().split("\n");
    const offset = /"vnd\.act3-ace\.data\.offset":"(\d+)"/.exec(lines[3]!)![1]!;
    lines[3] = lines[3]!.replace(`"${offset}"`, `"${Number(offset) + 512}"`);
    lines[5] = lines[5]!.replace(/sha256:[0-9a-f]{64}/, `sha256:${"0".repeat(64)}`);
    const path = await fileOf(`${lines.join("\n")}\n`);
    const { code, rows } = await verifyFiles([world.dir.file("good.tar")], "--checkpoint", path);
    expect(code).toBe(6);
    expect(kinds(rows)).toEqual(["checkpoint", "checkpoint"]);
    expect(rows.map(({ message }) => message).sort()).toEqual([
      expect.stringContaining(`${path}:4 says that it ends at byte`),
      expect.stringContaining(`${path}:6 has it within`),
    ]);
  });

  test("a ledger that promises more than a cut archive has is told", async () => {
    const layer = layers()[1]!;
    const cut = await fileOf(good.subarray(0, layer.bodyOffset + 100));
    const { code, rows } = await verifyFiles([cut], "--checkpoint", world.dir.file("good.ledger"));
    expect(code).toBe(6);
    expect(rows).toContainEqual(expect.objectContaining({ fault: "checkpoint", digest: digestIn(layer) }));
  });

  test("a torn last line is a warning; a ledger that is none ends with 3, and more of them than archives with 2", async () => {
    const torn = await fileOf(ledger.slice(0, -20));
    const first = await verifyFiles([world.dir.file("good.tar")], "--checkpoint", torn);
    expect(first).toMatchObject({ code: 0 });
    expect(first.stderr).toContain("is torn");
    const wrong = await fileOf("{}\n");
    expect(await verifyFiles([world.dir.file("good.tar")], "--checkpoint", wrong)).toMatchObject({ code: 3 });
    const two = ["--checkpoint", torn, "--checkpoint", torn];
    expect(await verifyFiles([world.dir.file("good.tar")], ...two)).toMatchObject({ code: 2 });
  });
});

describe("several parts are one set", () => {
  test("a cut first part with its next part is whole; the cut is a warning", async () => {
    const cut = layers()[2]!.bodyOffset + 10;
    const first = await fileOf(good.subarray(0, cut));
    const second = world.dir.file("part-2.tar");
    const flags = ["--existing-from-checkpoint", `${world.dir.file("good.ledger")}:${cut}`];
    expect(await world.run(["mirror", "serialize", "low.test/all:1", second, "-r", ...flags])).toMatchObject({
      code: 0,
    });
    const { code, stderr, rows } = await verifyFiles([first, second]);
    expect({ code, stderr, rows }).toMatchObject({ code: 0, rows: [] });
    expect(stderr).toContain(`${first}: the archive ends in the middle of entry`);
    expect(stderr).toContain("the next part goes on");
    const alone = await verifyFiles([second]);
    expect(alone.code).toBe(6);
    expect(new Set(kinds(alone.rows))).toEqual(new Set(["missing"]));
    expect(kinds((await verifyFiles([second, first])).rows)).toEqual(["cut"]);
  });

  test("the original's delta is complete with the archive it builds on, and with --partial alone", async () => {
    const delta = originalFile("delta.tar");
    expect(await verifyFiles([originalFile("serialize.tar"), delta])).toMatchObject({ code: 0 });
    expect((await verifyFiles([delta])).code).toBe(6);
    const partial = await verifyFiles([delta], "--partial");
    expect(partial).toMatchObject({ code: 0, rows: [] });
    expect(partial.stderr).toMatch(/; left out: \d+ blobs/);
  });

  test("the original's part 2 lacks what part 1 has", async () => {
    const part = originalFile("part2.tar");
    expect(await verifyFiles([originalFile("serialize.tar"), part])).toMatchObject({ code: 0 });
    const alone = await verifyFiles([part]);
    expect(alone.code).toBe(6);
    expect(new Set(kinds(alone.rows))).toEqual(new Set(["missing"]));
  });
});

describe("what is printed", () => {
  test("a table for people, and with -q every fault on standard error", async () => {
    const [first, second] = [layers()[0]!, layers()[1]!];
    const path = await fileOf(flipped(first.bodyOffset, second.bodyOffset));
    const table = await runBinary(["mirror", "verify", path]);
    expect(table.code).toBe(6);
    expect(table.stdout.split("\n")[0]).toMatch(/^FAULT +ARCHIVE +BYTE +DIGEST +IMAGE +WHAT IS WRONG$/);
    expect(table.stdout).toContain(digestIn(first));
    expect(table.stderr).toContain("there are 2 faults");
    expect(table.stderr).not.toContain(digestIn(first));
    const quiet = await runBinary(["mirror", "verify", path, "-q"]);
    expect(quiet).toMatchObject({ code: 6, stdout: "" });
    for (const layer of [first, second])
      expect(quiet.stderr).toContain(
        `digest: ${path} at byte ${layer.bodyOffset} ${digestIn(layer)} of low.test/`,
      );
  });

  test("JSON has these keys, and CSV the same", async () => {
    const layer = layers()[0]!;
    const path = await fileOf(flipped(layer.bodyOffset));
    const { stdout } = await verifyFiles([path]);
    expect(Object.keys(JSON.parse(stdout)[0])).toEqual([
      "archive",
      "digest",
      "fault",
      "image",
      "message",
      "offset",
    ]);
    const csv = await runBinary(["mirror", "verify", path, "-o", "csv"]);
    expect(csv.stdout).toMatch(/^fault,archive,offset,digest,image,message\ndigest,/);
  });
});

test("a file that is not there ends with 7, a directory too", async () => {
  for (const [path, words] of [
    ["/no/such.tar", "Cannot read /no/such.tar: no such file"],
    ["/tmp", "it is a directory"],
  ] as const) {
    const { code, stderr } = await runBinary(["mirror", "verify", path]);
    expect({ code, stderr }).toMatchObject({ code: 7 });
    expect(stderr).toContain(words);
  }
});

test("Ctrl-C ends with 130 while it waits for a pipe", async () => {
  const never = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array(good.subarray(0, 2000))),
  });
  const { code, ms } = await runBinary(["mirror", "verify", "-"], {
    stdin: never,
    signal: { signal: "SIGINT", afterMs: 1500 },
  });
  expect(code).toBe(130);
  expect(ms).toBeLessThan(10_000);
});

testNeeding([program("strace")], "no socket is opened", async () => {
  const trace = world.dir.file("trace");
  const wrapper = ["strace", "-f", "-e", "trace=connect,bind", "-o", trace];
  const { code } = await runBinary(["mirror", "verify", world.dir.file("good.tar")], { wrapper });
  expect(code).toBe(0);
  expect(await Bun.file(trace).text()).not.toMatch(/AF_INET/);
});
