/** An archive in volumes that are files is read as one archive, wherever it is cut; what is wrong with the set is named first. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename } from "node:path";
import { cataloguePath } from "../../src/tape/catalogue/volume-names.ts";
import { linux, program, testNeeding } from "../support/needs.ts";
import { pushArtifact, walkImage } from "../support/push.ts";
import { type RunOptions, type RunResult, runBinary } from "../support/run-binary.ts";
import { cutVolumes, relabel } from "../support/volumes.ts";
import { type Found, readLedgerLines, walkTar } from "./archive-facts.ts";
import { openWorld, plainImage, type World } from "./world.ts";

setDefaultTimeout(120_000);

const kib = 1024;
const image = plainImage(
  "volumes",
  [300, 120, 90, 1].map((size) => size * kib + 7),
);

let world: World;
/** The archive in one piece, and its checkpoint. */
let whole: Buffer;
let entries: Found[];
let lines: { text: string; offset: number }[];
beforeAll(async () => {
  world = await openWorld();
  await pushArtifact(world.low.origin, "app", image, "v1");
  writeFileSync(world.dir.file("list"), "sound.test/app:v1\n");
  const [tar, ledger] = [world.dir.file("whole.tar"), world.dir.file("whole.cp")];
  await ok("archive", world.dir.file("list"), tar, "sync-45", "--checkpoint", ledger);
  whole = readFileSync(tar);
  entries = walkTar(whole).entries;
  const texts = readFileSync(ledger, "utf8").split("\n");
  lines = readLedgerLines(ledger).map(({ offset }, at) => ({ offset, text: texts[at]! }));
});
afterAll(() => world[Symbol.asyncDispose]());

let sets = 0;

/** A name of its own for a set. */
const newArchive = () => world.dir.file(`${++sets}.tar`);
const volume = (archive: string, number: number) => `${archive}.${String(number).padStart(3, "0")}`;
const every = (step: number, length = whole.length) =>
  Array.from({ length: Math.ceil(length / step) - 1 }, (_, at) => (at + 1) * step);

/** Without a local store: what is read by position needs none. */
const run = (args: readonly string[], options: RunOptions = {}): Promise<RunResult> =>
  world.run(["mirror", ...args], { ...options, env: { ACE_DT_CACHE_PATH: "", ...options.env } });

async function ok(...args: string[]): Promise<RunResult> {
  const result = await run(args);
  expect({ args, code: result.code, stderr: result.stderr }).toMatchObject({ code: 0 });
  return result;
}

async function fails(code: number, ...args: string[]): Promise<string> {
  const result = await run(args);
  expect({ args, code: result.code, stderr: result.stderr }).toMatchObject({ code });
  expect(result.stderr).not.toMatch(/^ +at /m);
  return result.stderr;
}

async function expectImage(origin: string, repository: string, tag: string): Promise<void> {
  const { digests } = await walkImage(origin, repository, tag);
  for (const { descriptor } of [...image.manifests, ...image.blobs])
    expect(digests).toContain(descriptor.digest);
}

const layer = () => entries.find(({ size }) => size > 200 * kib)!;
const last = () => entries.at(-1)!;

const cutCases: [string, () => number[]][] = [
  ["in a header", () => [layer().bodyOffset - 400]],
  ["between header and body", () => [layer().bodyOffset]],
  ["between a body and its padding", () => [layer().bodyOffset + layer().size]],
  ["between two entries", () => [layer().end]],
  [
    "in a manifest and in a JSON file",
    () => entries.filter(({ size }) => size > 50 && size < 2000).map((each) => each.bodyOffset + 40),
  ],
  ["in the end marker", () => [last().end, last().end + 100, last().end + 512]],
  ["in each block", () => every(20 * 512)],
  ["behind the first bytes", () => [1, 2, 3, 5]],
  ["with volumes that are empty", () => [512, 512, layer().bodyOffset + 9, layer().bodyOffset + 9]],
];

describe("a set of volumes is one archive", () => {
  test.each(cutCases)("cut %s", async (_, cuts) => {
    const archive = newArchive();
    cutVolumes(archive, whole, { cuts: cuts(), lines });
    const joined = readdirSync(world.dir.path)
      .filter((name) => /^\d+\.tar\.\d+$/.test(name) && name.startsWith(`${basename(archive)}.`))
      .sort()
      .map((name) => readFileSync(world.dir.file(name)));
    expect(Buffer.concat(joined).equals(whole)).toBe(true);
    const verified = await ok("verify", archive);
    expect(verified.stderr).toContain("verify: 1 archive, 1 image, 7 blobs, ");
    const alone = await ok("list", world.dir.file("whole.tar"), "-o", "json");
    expect((await ok("list", volume(archive, 1), "-o", "json")).stdout).toBe(alone.stdout);
    const to = `cut-${sets}`;
    await ok("deserialize", archive, `high.test/${to}:1`, "--strict");
    await expectImage(world.high.origin, to, image.root.digest);
  });

  test("without catalogues, as split makes them", async () => {
    const archive = newArchive();
    cutVolumes(archive, whole, { cuts: every(100_000), bare: true });
    await ok("verify", archive);
    await ok("deserialize", volume(archive, 1), "high.test/bare:1");
    await expectImage(world.high.origin, "bare", image.root.digest);
  });

  testNeeding([program("split")], "made by split itself", async () => {
    const archive = newArchive();
    const split = ["split", "-b", "100000", "-d", "-a", "3", "--numeric-suffixes=1", "-", `${archive}.`];
    expect(Bun.spawnSync(split, { stdin: whole }).exitCode).toBe(0);
    await ok("verify", archive);
  });

  test("unarchive sends each image to two places, without the local store", async () => {
    const archive = newArchive();
    cutVolumes(archive, whole, { cuts: every(50_000), lines });
    const places = world.dir.file("places.csv");
    writeFileSync(places, "sound.test/,high.test/m/\nsound.test/,low.test/n/\n");
    await ok("unarchive", archive, `all-prefix=${places}`, "sync-45");
    await expectImage(world.high.origin, "m/app", "v1");
    await expectImage(world.low.origin, "n/app", "v1");
    await ok("unarchive", archive, `all-prefix=${places}`, "sync-45", "--check");
  });

  test.each(["zstd", "gzip"] as const)("%s passes as one stream", async (packing) => {
    const archive = newArchive();
    const packed = world.dir.file(`whole.${packing}`);
    await ok("archive", world.dir.file("list"), packed, "sync-45", "--compression", packing);
    const bytes = readFileSync(packed);
    for (const bare of [false, true]) {
      cutVolumes(archive, bytes, { cuts: [1, 3, ...every(77_777, bytes.length)], bare });
      await ok("verify", archive);
      await ok("list", archive);
      await ok("deserialize", archive, `high.test/${packing}-${bare}:1`);
      await expectImage(world.high.origin, `${packing}-${bare}`, image.root.digest);
      for (let number = 1; number < 12; number++)
        rmSync(cataloguePath(volume(archive, number)), { force: true });
    }
    rmSync(volume(archive, 2));
    expect(await fails(6, "verify", archive)).toContain(`${basename(archive)}.002 is missing`);
  });

  test("is a part like any other, in verify and for --parts", async () => {
    const archive = newArchive();
    cutVolumes(archive, whole, { cuts: every(60_000), lines });
    const cut = world.dir.file("cut.tar");
    writeFileSync(cut, whole.subarray(0, layer().end));
    await ok("verify", cut, archive);
    await ok("deserialize", cut, "high.test/parts:1", "--parts", archive);
    await expectImage(world.high.origin, "parts", image.root.digest);
    rmSync(volume(archive, 3));
    const before = world.highProxy.requests.length;
    expect(await fails(6, "deserialize", cut, "high.test/parts:2", "--parts", archive)).toContain(
      ".003 is missing",
    );
    expect(world.highProxy.requests.length).toBe(before);
  });

  test("memory and open files stay few, whatever the number of volumes", async () => {
    const archive = newArchive();
    cutVolumes(archive, whole, { cuts: every(512), bare: true });
    const wrapper = ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"];
    expect(await runBinary(["mirror", "verify", archive], { wrapper })).toMatchObject({ code: 0 });
  });
});

describe("what is wrong with a set is said before anything is read", () => {
  const cases: [string, (archive: string) => void, number, string][] = [
    ["missing", (archive) => rmSync(volume(archive, 2)), 6, "ARCHIVE.002 is missing"],
    ["the last one missing", (archive) => drop(archive, 5), 6, "ARCHIVE.005 and what follows it are missing"],
    [
      "repeated",
      (archive) => copy(volume(archive, 1), volume(archive, 2)),
      6,
      "ARCHIVE.002 is volume 1 of set 0123456789abcdef (sync-45), and volume 2 is wanted",
    ],
    [
      "foreign",
      (archive) => relabel(volume(archive, 3), { set: "f".repeat(16), name: "sync-44" }),
      6,
      "ARCHIVE.003 is volume 3 of set ffffffffffffffff (sync-44), and volume 3 of set 0123456789abcdef (sync-45) is wanted",
    ],
    [
      "cut",
      (archive) => truncateSync(volume(archive, 3), 99_999),
      6,
      "ARCHIVE.003 has 99999 bytes, and 100000 by its catalogue: it is cut",
    ],
    [
      "grown",
      (archive) => truncateSync(volume(archive, 3), 100_001),
      6,
      "ARCHIVE.003 has 100001 bytes, and 100000 by its catalogue: something follows its end",
    ],
    [
      "no file",
      (archive) => {
        rmSync(volume(archive, 4));
        renameSync(world.dir.file("empty"), volume(archive, 4));
      },
      7,
      "ARCHIVE.004: it is no regular file",
    ],
  ];
  const drop = (archive: string, number: number) => {
    rmSync(volume(archive, number));
    rmSync(cataloguePath(volume(archive, number)));
  };
  const copy = (from: string, to: string) => {
    copyFileSync(from, to);
    copyFileSync(cataloguePath(from), cataloguePath(to));
  };

  for (const [what, damage, code, message] of cases) {
    test(`a volume is ${what}`, async () => {
      const archive = newArchive();
      Bun.spawnSync(["mkdir", "-p", world.dir.file("empty")]);
      cutVolumes(archive, whole, { cuts: [100_000, 200_000, 300_000, 400_000], lines });
      damage(archive);
      const before = world.highProxy.requests.length;
      const expected = `Cannot read ${archive}: ${message.replaceAll("ARCHIVE", basename(archive))}`;
      for (const args of [
        ["verify", archive],
        ["list", volume(archive, 1)],
        ["deserialize", archive, "high.test/bad:1"],
        ["unarchive", archive, "nest=high.test/bad"],
      ])
        expect(
          (await fails(code, ...args)).replaceAll(
            `${world.dir.path}/${basename(archive)}.0`,
            `${basename(archive)}.0`,
          ),
        ).toContain(expected);
      expect(world.highProxy.requests.length).toBe(before);
    });
  }

  test("another volume than the first is named: a wrong use, which says what to name", async () => {
    const archive = newArchive();
    cutVolumes(archive, whole, { cuts: [100_000], lines });
    const stderr = await fails(2, "verify", volume(archive, 2));
    expect(stderr).toContain(`${volume(archive, 2)}: it is volume 2 of set 0123456789abcdef (sync-45)`);
    expect(stderr).toContain(`Name ${archive} or ${archive}.001`);
    expect(await fails(2, "verify", archive, "--position", "bot")).toContain("is not a tape");
  });
});

describe("what is wrong inside a set", () => {
  /** A set whose third volume has a byte of the large layer turned over. */
  function damaged(): { archive: string; at: number } {
    const archive = newArchive();
    const at = layer().bodyOffset + 150 * kib;
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 255;
    cutVolumes(archive, bytes, { cuts: [layer().bodyOffset + 10, at - 5000, at + 5000], lines });
    return { archive, at };
  }

  test("verify tells the archive's byte, the digest and the volumes of a blob with wrong bytes", async () => {
    const { archive } = damaged();
    const { code, stdout } = await run(["verify", archive, "-o", "json"]);
    expect(code).toBe(6);
    const [row, ...others] = JSON.parse(stdout);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ archive, fault: "digest", offset: layer().bodyOffset });
    expect(row.digest).toBe(layer().name.replace("blobs/sha256/", "sha256:"));
    expect(row.message).toMatch(/^its bytes hash to sha256:[0-9a-f]{64} /);
    expect(row.message).toEndWith(`(in ${archive}.001 to ${archive}.004)`);
  });

  test("deserialize names them too, and pushes no tag", async () => {
    const { archive } = damaged();
    const stderr = await fails(6, "deserialize", archive, "high.test/damaged:1");
    expect(stderr).toContain(`${archive} at byte ${layer().bodyOffset}`);
    expect(stderr).toContain(`copy ${archive}.001 to ${archive}.004 again`);
    expect(await world.highHas("damaged", "1")).toBe(false);
  });

  test("without catalogues a cut archive is as any cut archive", async () => {
    const archive = newArchive();
    cutVolumes(archive, whole, { cuts: every(100_000), bare: true });
    const count = Math.ceil(whole.length / 100_000);
    rmSync(volume(archive, count));
    const end = (count - 1) * 100_000;
    const { code, stdout } = await run(["verify", archive, "-o", "json"]);
    expect(code).toBe(6);
    expect(JSON.parse(stdout)[0]).toMatchObject({ fault: "cut", offset: end });
  });

  test("verify tells a catalogue that contradicts the archive, and one that is torn", async () => {
    const archive = newArchive();
    const wrong = lines.map((line, at) =>
      at === 1 ? { ...line, text: line.text.replace(`"${line.offset}"`, `"${line.offset + 512}"`) } : line,
    );
    cutVolumes(archive, whole, { cuts: [200_000], lines: wrong });
    const second = cataloguePath(volume(archive, 2));
    const early = lines[0]!;
    writeFileSync(second, `${readFileSync(second, "utf8")}${early.text}\n{"mediaType":\n`);
    const { code, stdout } = await run(["verify", archive, "-o", "json"]);
    expect(code).toBe(6);
    const messages: string[] = JSON.parse(stdout).map(
      ({ fault, message }: Record<string, string>) => `${fault}: ${message}`,
    );
    const expected = [
      `says that it ends at byte ${lines[1]!.offset + 512}, and it ends at byte ${lines[1]!.offset}`,
      `says that it ends at byte ${early.offset} in this volume, which holds the archive from byte 200000 to ${whole.length}`,
      `Cannot read checkpoint ${second}:`,
    ];
    expect(messages).toHaveLength(expected.length);
    for (const part of expected)
      expect(messages.some((message) => message.startsWith("checkpoint: ") && message.includes(part))).toBe(
        true,
      );
  });

  testNeeding([linux, program("strace")], "an I/O error names the volume and the byte in it", async () => {
    const archive = newArchive();
    cutVolumes(archive, whole, { cuts: [100_000, 200_000], lines });
    const bad = volume(archive, 2);
    const inject = "inject=pread64:error=EIO";
    const wrapper = [
      "strace",
      "-f",
      "-qq",
      "-o",
      "/dev/null",
      "-P",
      bad,
      "-e",
      "trace=pread64",
      "-e",
      inject,
    ];
    const { code, stderr } = await run(["verify", archive], { wrapper });
    expect({ code, stderr }).toMatchObject({ code: 7 });
    expect(stderr).toMatch(new RegExp(`Cannot read ${bad} at byte \\d+: input/output error`));
  });
});
