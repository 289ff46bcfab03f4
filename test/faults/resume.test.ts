/** serialize --resume: what it takes for good, what it cuts off, what it refuses; and that what is good is not fetched again. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { linux, program, root, testNeeding } from "../support/needs.ts";
import { pushArtifact } from "../support/push.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { checkLedger, type Found, readLedgerLines, walkTar } from "./archive-facts.ts";
import { start, until } from "./running.ts";
import { openWorld, plainImage, type World } from "./world.ts";

setDefaultTimeout(60_000);

const kib = 1024;
const image = plainImage("resume", [100 * kib, 0, 700, 200 * kib, 3, 64 * kib]);
const other = plainImage("resume/other", [100 * kib]);

let world: World;
let whole: Buffer;
let wholeLedger: Buffer;
let entries: Found[];
beforeAll(async () => {
  world = await openWorld();
  await pushArtifact(world.low.origin, "app", image, "v1");
  await pushArtifact(world.low.origin, "app", image, "v2");
  await pushArtifact(world.low.origin, "other", other, "v1");
  const { code } = await serialize(world.dir.file("whole"), ["--checkpoint", world.dir.file("whole.ledger")]);
  expect(code).toBe(0);
  whole = readFileSync(world.dir.file("whole"));
  wholeLedger = readFileSync(world.dir.file("whole.ledger"));
  ({ entries } = walkTar(whole));
});
afterAll(() => world[Symbol.asyncDispose]());

const serialize = (destination: string, more: readonly string[] = [], source = "low.test/app:v1") =>
  world.run(["mirror", "serialize", source, destination, ...more]);

/** A copy of the whole archive that was changed. */
function left(dir: TempDir, change: (bytes: Buffer) => Buffer): string {
  const file = dir.file("out");
  writeFileSync(file, change(Buffer.from(whole)));
  return file;
}

/** Layers, in archive order: entries with a body that is no JSON. */
const layer = (at: number) => {
  const names = image.blobs.slice(1).map(({ descriptor }) => `blobs/${descriptor.digest.replace(":", "/")}`);
  return entries.filter(({ name }) => names.includes(name))[at]!;
};

/** Bytes of a blob that the registry was asked for since a moment. */
const bytesAskedSince = (since: number, digest: string, size: number) =>
  world.lowProxy.requests
    .slice(since)
    .filter(({ path, method }) => method === "GET" && path.endsWith(`/blobs/${digest}`))
    .reduce((sum, { headers }) => {
      const [, start = "0", end = String(size - 1)] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? [];
      return sum + Number(end) + 1 - Number(start);
    }, 0);

/** What was asked of the registry for blobs since a moment. */
const fetchedSince = (since: number) =>
  world.lowProxy.requests
    .slice(since)
    .flatMap(({ path }) => /\/blobs\/(sha256:[0-9a-f]{64})/.exec(path)?.[1] ?? []);

const changes: readonly [string, () => (bytes: Buffer) => Buffer, () => number][] = [
  ["is empty", () => (bytes) => bytes.subarray(0, 0), () => 0],
  ["is all zeros", () => (bytes) => bytes.fill(0), () => 0],
  ["ends in the first header", () => (bytes) => bytes.subarray(0, 100), () => 0],
  ["ends behind the first entry", () => (bytes) => bytes.subarray(0, 1024), () => 0],
  ["ends in the first index.json", () => (bytes) => bytes.subarray(0, 1600), () => 0],
  [
    "ends in the middle of a header",
    () => (bytes) => bytes.subarray(0, layer(3).bodyOffset - 300),
    () => layer(3).bodyOffset - 512,
  ],
  [
    "ends behind a header",
    () => (bytes) => bytes.subarray(0, layer(3).bodyOffset),
    () => layer(3).bodyOffset,
  ],
  [
    "ends in the middle of a layer",
    () => (bytes) => bytes.subarray(0, layer(3).bodyOffset + 100_001),
    () => layer(3).bodyOffset + 100_001,
  ],
  [
    "ends in the padding of a layer",
    () => (bytes) => bytes.subarray(0, layer(2).bodyOffset + 701),
    () => layer(2).bodyOffset + 700,
  ],
  [
    "has zeros from a layer's middle on",
    () => (bytes) => bytes.fill(0, layer(3).bodyOffset + 4096),
    () => layer(3).bodyOffset + 4096,
  ],
  [
    "has a page of zeros in the middle of a layer that others follow",
    () => (bytes) => bytes.fill(0, layer(3).bodyOffset + 8192, layer(3).bodyOffset + 12_288),
    () => layer(3).bodyOffset,
  ],
  [
    "has garbage at its end",
    () => (bytes) => bytes.fill(0xa5, layer(5).bodyOffset - 300),
    () => layer(5).bodyOffset - 512,
  ],
  [
    "has one bit wrong in a layer",
    () => (bytes) =>
      bytes.fill((bytes[layer(3).bodyOffset + 5] ?? 0) ^ 1, layer(3).bodyOffset + 5, layer(3).bodyOffset + 6),
    () => layer(3).bodyOffset,
  ],
  [
    "has one bit wrong in a manifest",
    () => (bytes) =>
      bytes.fill(
        (bytes[entries[4]!.bodyOffset + 5] ?? 0) ^ 1,
        entries[4]!.bodyOffset + 5,
        entries[4]!.bodyOffset + 6,
      ),
    () => entries[4]!.bodyOffset - 512,
  ],
  [
    "lacks its end marker",
    () => (bytes) => bytes.subarray(0, whole.length - 1024),
    () => whole.length - 1024,
  ],
  [
    "lacks half its end marker",
    () => (bytes) => bytes.subarray(0, whole.length - 512),
    () => whole.length - 1024,
  ],
];

describe("serialize --resume", () => {
  for (const [what, change, keeps] of changes) {
    test(`goes on in a file that ${what}`, async () => {
      await using dir = await tempDir();
      const file = left(dir, change());
      const since = world.lowProxy.requests.length;
      // Without a checkpoint everything is hashed.
      const { code, stderr } = await serialize(file, ["--resume"]);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stderr).toContain(`went on in ${file} at byte ${keeps()}:`);
      expect(readFileSync(file).equals(whole)).toBe(true);
      const kept = image.blobs.filter(({ descriptor }) => {
        const entry = entries.find(({ name }) => name === `blobs/${descriptor.digest.replace(":", "/")}`);
        return entry!.bodyOffset + entry!.size <= keeps();
      });
      const fetched = fetchedSince(since);
      for (const { descriptor } of image.blobs) {
        const { bodyOffset } = entries.find(
          ({ name }) => name === `blobs/${descriptor.digest.replace(":", "/")}`,
        )!;
        // Not a byte comes twice, of the blob that was cut neither.
        const lacks = Math.min(descriptor.size, Math.max(0, bodyOffset + descriptor.size - keeps()));
        expect(bytesAskedSince(since, descriptor.digest, descriptor.size)).toBe(lacks);
        if (descriptor.size === 0) continue;
        expect(fetched.includes(descriptor.digest)).toBe(
          !kept.some((blob) => blob.descriptor === descriptor),
        );
      }
    });
  }

  test("begins a file that is not there, and leaves alone one that is whole: nothing is fetched or written", async () => {
    await using dir = await tempDir();
    expect(await serialize(dir.file("out"), ["--resume"])).toMatchObject({ code: 0 });
    expect(readFileSync(dir.file("out")).equals(whole)).toBe(true);
    utimesSync(dir.file("out"), 1, 1);
    const since = world.lowProxy.requests.length;
    const again = await serialize(dir.file("out"), ["--resume"]);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toContain(`${dir.file("out")} was whole already: 6 blobs hashed, all else compared`);
    expect((await stat(dir.file("out"))).mtimeMs).toBe(1000);
    expect(fetchedSince(since)).toEqual([]);
  });

  test("drops the checkpoint's lines behind the cut, and adds those that are missing", async () => {
    await using dir = await tempDir();
    const file = left(dir, (bytes) => bytes.subarray(0, layer(3).bodyOffset + 10));
    const run = () => serialize(file, ["--resume", "--checkpoint", dir.file("ledger")]);
    writeFileSync(dir.file("ledger"), wholeLedger);
    expect(await run()).toMatchObject({ code: 0 });
    expect(readFileSync(dir.file("ledger")).equals(wholeLedger)).toBe(true);
    expect(readFileSync(file).equals(whole)).toBe(true);
    // A line that is torn, and a ledger that is behind the file.
    writeFileSync(dir.file("ledger"), wholeLedger.subarray(0, wholeLedger.length / 2));
    const behind = await run();
    expect(behind).toMatchObject({ code: 0 });
    expect(behind.stderr).toContain("vouched for by the checkpoint");
    expect(readFileSync(dir.file("ledger")).equals(wholeLedger)).toBe(true);
    expect(checkLedger(dir.file("ledger"), readFileSync(file)).lies).toEqual([]);
    writeFileSync(dir.file("ledger"), "");
    expect(await run()).toMatchObject({ code: 0 });
    expect(readFileSync(dir.file("ledger")).equals(wholeLedger)).toBe(true);
  });

  test("believes the checkpoint about layers, about nothing else, and not when it says more than there is", async () => {
    await using dir = await tempDir();
    const flip = (bytes: Buffer, at: number) => bytes.fill((bytes[at] ?? 0) ^ 1, at, at + 1);
    const run = (file: string) => serialize(file, ["--resume", "--checkpoint", dir.file("ledger")]);
    writeFileSync(dir.file("ledger"), wholeLedger);
    const vouched = await run(left(dir, (bytes) => flip(bytes, layer(0).bodyOffset)));
    expect(vouched.stderr).toContain("was whole already: 0 blobs hashed, 6 vouched for by the checkpoint");
    for (const change of [
      (bytes: Buffer) => flip(bytes, layer(0).bodyOffset - 512),
      (bytes: Buffer) => flip(bytes, layer(0).bodyOffset).subarray(0, layer(5).bodyOffset),
    ]) {
      const file = left(dir, change);
      const { code, stderr } = await run(file);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(readFileSync(file).equals(whole)).toBe(true);
    }
  });

  const refusals: readonly [string, (dir: TempDir) => Promise<string[]> | string[], string][] = [
    [
      "that holds an archive of another image",
      (dir) => ["low.test/other:v1", left(dir, (bytes) => bytes)],
      `it holds an archive of ${image.root.digest}, and this run is to write one of ${other.root.digest}`,
    ],
    [
      "with another tag",
      (dir) => ["low.test/app:v2", left(dir, (bytes) => bytes)],
      "its tag is v1, and this run's is v2",
    ],
    [
      "that was begun with other EXISTING-IMAGEs",
      (dir) => [
        "low.test/app:v1",
        left(dir, (bytes) => bytes.subarray(0, layer(5).bodyOffset)),
        "low.test/app:v1",
      ],
      "it was begun with other images, checkpoints or flags",
    ],
    [
      "that holds something else",
      (dir) => ["low.test/app:v1", left(dir, () => Buffer.from("precious\n".repeat(1000)))],
      "something else is in it",
    ],
    [
      "that goes on behind the archive",
      (dir) => ["low.test/app:v1", left(dir, (bytes) => Buffer.concat([bytes, Buffer.from("x")]))],
      `is whole and ends at byte`,
    ],
    [
      "that is not compressed",
      (dir) => ["low.test/app:v1", left(dir, (bytes) => bytes), "--compression", "zstd"],
      "it is not compressed",
    ],
    [
      "compressed by something else",
      (dir) => [
        "low.test/app:v1",
        left(dir, (bytes) => Buffer.from(Bun.zstdCompressSync(Buffer.concat([bytes, Buffer.alloc(5e6)])))),
        "--compression",
        "zstd",
      ],
      "it was not compressed by this program",
    ],
    [
      "compressed, as a plain one",
      (dir) => ["low.test/app:v1", left(dir, (bytes) => gzipSync(bytes))],
      "it is compressed with gzip",
    ],
  ];
  for (const [what, prepare, words] of refusals) {
    test(`refuses a file ${what}, and leaves it as it was`, async () => {
      await using dir = await tempDir();
      const [source = "", file = "", ...more] = await prepare(dir);
      const before = readFileSync(file);
      utimesSync(file, 1, 1);
      const { code, stderr } = await serialize(file, ["--resume", ...more], source);
      expect({ code, stderr }).toMatchObject({ code: 3 });
      expect(stderr).toContain(`Cannot resume ${file}: `);
      expect(stderr).toContain(words);
      expect(readFileSync(file).equals(before)).toBe(true);
      expect((await stat(file)).mtimeMs).toBe(1000);
    });
  }

  test("refuses a checkpoint of another archive, and leaves both as they were", async () => {
    await using dir = await tempDir();
    await serialize(dir.file("other"), ["--checkpoint", dir.file("ledger")], "low.test/other:v1");
    const before = readFileSync(dir.file("ledger"));
    const file = left(dir, (bytes) => bytes.subarray(0, layer(3).bodyOffset));
    const { code, stderr } = await serialize(file, ["--resume", "--checkpoint", dir.file("ledger")]);
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain("line 1 names another entry; it is that of another archive");
    expect(readFileSync(dir.file("ledger")).equals(before)).toBe(true);
    expect(readFileSync(file).length).toBe(layer(3).bodyOffset);
  });

  testNeeding(
    [program("mkfifo")],
    "refuses pipes, standard output and --force, and says what to do",
    async () => {
      await using dir = await tempDir();
      Bun.spawnSync(["mkfifo", dir.file("pipe")]);
      for (const destination of [dir.file("pipe"), "-", "/dev/null"]) {
        const { code, stderr } = await serialize(destination, ["--resume"]);
        expect({ code, stderr }).toMatchObject({ code: 7 });
        expect(stderr).toContain("only a regular file or a tape can be looked at and gone on with");
        expect(stderr).toContain("--existing-from-checkpoint");
      }
      expect(await serialize(dir.file("out"), ["--resume", "--force"])).toMatchObject({ code: 2 });
    },
  );

  testNeeding([linux], "refuses a file that another run is writing", async () => {
    await using dir = await tempDir();
    const last = image.blobs.at(-1)!.descriptor.digest;
    world.lowProxy.setRules([{ path: new RegExp(`blobs/${last}`), silence: true }]);
    const first = start(world, ["mirror", "serialize", "low.test/app:v1", dir.file("out"), "-b", "512"]);
    await until(
      "the file grows",
      async () => (await Bun.file(dir.file("out")).exists()) && Bun.file(dir.file("out")).size > 1000,
    );
    const second = await serialize(dir.file("out"), ["--resume"], "sound.test/app:v1");
    expect(second).toMatchObject({ code: 7 });
    expect(second.stderr).toContain("another run is writing to it");
    const ended = await first.stop("SIGINT");
    expect(ended.stderr).toContain("to go on in this file: the same command with --resume");
    world.lowProxy.setRules([]);
    expect(await serialize(dir.file("out"), ["--resume"])).toMatchObject({ code: 0 });
    expect(readFileSync(dir.file("out")).equals(whole)).toBe(true);
  });

  test("a byte appended by hand to a cut file is found, too", async () => {
    await using dir = await tempDir();
    const file = left(dir, (bytes) => bytes.subarray(0, layer(3).bodyOffset + layer(3).size));
    appendFileSync(file, "x");
    expect(await serialize(file, ["--resume"])).toMatchObject({ code: 0 });
    expect(readFileSync(file).equals(whole)).toBe(true);
  });

  test("goes on from the checkpoint of a run that was killed between two flushes, and hashes only what is behind it", async () => {
    await using dir = await tempDir();
    const mib = kib * kib;
    // More than lies between two flushes of a file, then a layer that never ends.
    const big = plainImage("resume/killed", [...Array.from({ length: 10 }, () => 15 * mib), 3 * mib]);
    await pushArtifact(world.low.origin, "big", big, "v1");
    const args = (file: string, from: string) => [
      "mirror",
      "serialize",
      `${from}/big:v1`,
      dir.file(file),
      "--checkpoint",
      dir.file(`${file}.ledger`),
    ];
    expect(await world.run(args("whole", "sound.test"))).toMatchObject({ code: 0 });
    const last = big.blobs.at(-1)!.descriptor.digest;
    world.lowProxy.setRules([{ path: new RegExp(`blobs/${last}`), stallAfter: mib }]);
    const run = start(world, args("out", "low.test"));
    await until(
      "the ledger has lines",
      async () =>
        (await Bun.file(dir.file("out.ledger")).exists()) && Bun.file(dir.file("out.ledger")).size > 0,
    );
    await run.stop("SIGKILL");
    world.lowProxy.setRules([]);
    const lines = readLedgerLines(dir.file("out.ledger")).length;
    // The ledger has the manifest too.
    const resumed = await world.run([...args("out", "low.test"), "--resume"]);
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stderr).toContain(`${lines - 1} vouched for by the checkpoint`);
    expect(readFileSync(dir.file("out")).equals(readFileSync(dir.file("whole")))).toBe(true);
    expect(readFileSync(dir.file("out.ledger")).equals(readFileSync(dir.file("whole.ledger")))).toBe(true);
  }, 60_000);

  testNeeding([root, linux, program("mknod")], "refuses a tape behind which there is no drive", async () => {
    await using dir = await tempDir();
    Bun.spawnSync(["mknod", dir.file("nst0"), "c", "9", "128"]);
    const { code, stderr } = await serialize(dir.file("nst0"), ["--resume"]);
    expect({ code, stderr }).toMatchObject({ code: 7 });
    expect(stderr).toMatch(/Cannot resume .*nst0: there is no drive behind it/);
  });

  test("goes on in what archive left, too", async () => {
    await using dir = await tempDir();
    await Bun.write(dir.file("list"), "low.test/app:v1\nlow.test/other:v1\n");
    const args = ["mirror", "archive", dir.file("list"), dir.file("out")];
    expect(await world.run(args)).toMatchObject({ code: 0 });
    const bytes = readFileSync(dir.file("out"));
    writeFileSync(dir.file("out"), bytes.subarray(0, bytes.length - 80_000));
    const resumed = await world.run([...args, "--resume"]);
    expect(resumed).toMatchObject({ code: 0 });
    expect(resumed.stderr).toContain("went on in");
    expect(readFileSync(dir.file("out")).equals(bytes)).toBe(true);
  });
});

describe("--resume-from-checkpoint FILE --resume-from-offset N", () => {
  const resume = (file: string, ledger: string, offset: number) =>
    serialize(file, ["--resume-from-checkpoint", ledger, "--resume-from-offset", String(offset)]);

  test("writes a second part without what the first N bytes of the first one have", async () => {
    await using dir = await tempDir();
    const lines = readLedgerLines(world.dir.file("whole.ledger"));
    for (const at of [2, 5]) {
      const { code } = await resume(dir.file(`${at}`), world.dir.file("whole.ledger"), lines[at]!.offset);
      expect(code).toBe(0);
      const names = walkTar(readFileSync(dir.file(`${at}`))).entries.map(({ name }) => name);
      const blobs = new Set(image.blobs.map(({ descriptor }) => descriptor.digest as string));
      for (const [index, { digest }] of lines.entries()) {
        if (!blobs.has(digest)) continue;
        expect(names.includes(`blobs/${digest.replace(":", "/")}`)).toBe(index > at);
      }
    }
  });

  test("says why when ledger or offset do not fit, and leaves nothing out", async () => {
    await using dir = await tempDir();
    const [first] = readLedgerLines(world.dir.file("whole.ledger"));
    const early = await resume(dir.file("early"), world.dir.file("whole.ledger"), 100);
    expect(early).toMatchObject({ code: 0 });
    expect(early.stderr).toContain(
      `its first entry ends at byte ${first!.offset}, behind byte 100: nothing is left out`,
    );
    writeFileSync(dir.file("empty"), "");
    expect((await resume(dir.file("2"), dir.file("empty"), 1e9)).stderr).toContain(
      "is empty: nothing is left out",
    );
    await serialize(dir.file("other"), ["--checkpoint", dir.file("other.ledger")], "low.test/other:v1");
    const foreign = await resume(dir.file("3"), dir.file("other.ledger"), 1e9);
    expect(foreign).toMatchObject({ code: 0 });
    expect(foreign.stderr).toContain("Is it the checkpoint of another archive?");
    expect(readFileSync(dir.file("3")).equals(whole)).toBe(true);
  });
});
