/** Compressed archives: what other programs make of ours, what ours makes of theirs, and what is passed through as it is. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { packingLevels } from "../../src/format/packing-levels.ts";
import { openWorld, pushPlain, type World } from "../faults/world.ts";
import { type Artifact, contentOf, jsonContent } from "../support/images.ts";
import { program, testNeeding } from "../support/needs.ts";
import { pushArtifact } from "../support/push.ts";
import { seededBytes } from "../support/seeded-bytes.ts";

setDefaultTimeout(60_000);

const mebibyte = 1024 * 1024;
/** Text, then more than two frames of what cannot be made smaller, then text. */
const random = seededBytes("compression", 9 * mebibyte);
const words = "a be cede deed effect faded gaffe hedge ideal jaded knead lifted moved named often".split(" ");
const prose = (seed: string) =>
  Buffer.from([...seededBytes(seed, 200_000)].map((byte) => words[byte % words.length]).join(" "));
const text = prose("text");
const image = "low.test/app:v1";
let world: World;
let plain: Buffer;

function imageOf(layers: readonly Uint8Array[]): Artifact {
  const blobs = layers.map((bytes) => contentOf("application/vnd.oci.image.layer.v1.tar", bytes));
  const config = jsonContent("application/vnd.oci.image.config.v1+json", {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: blobs.map(({ descriptor }) => descriptor.digest) },
  });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = jsonContent(mediaType, {
    schemaVersion: 2,
    mediaType,
    config: config.descriptor,
    layers: blobs.map(({ descriptor }) => descriptor),
  });
  return { root: manifest.descriptor, manifests: [manifest], blobs: [config, ...blobs] };
}

async function serialize(name: string, ...flags: string[]): Promise<Buffer> {
  const path = world.dir.file(name);
  const run = await world.run(["mirror", "serialize", image, path, "--force", ...flags]);
  expect(run).toMatchObject({ code: 0 });
  return readFileSync(path);
}

function shell(script: string, ...args: string[]): { code: number; out: Buffer } {
  const run = Bun.spawnSync(["sh", "-euc", script, "sh", ...args], { cwd: world.dir.path });
  return { code: run.exitCode, out: run.stdout };
}

/** How many of a hundred pieces of the bytes stand in the archive as they are. */
function verbatim(archive: Buffer, bytes: Uint8Array): number {
  const step = Math.floor(bytes.length / 100);
  return Array.from({ length: 100 }, (_, at) => bytes.subarray(at * step, at * step + 1000)).filter((piece) =>
    archive.includes(piece),
  ).length;
}

beforeAll(async () => {
  world = await openWorld();
  await pushArtifact(world.low.origin, "app", imageOf([text, random, prose("more")]), "v1");
  plain = await serialize("plain.tar");
});
afterAll(() => world[Symbol.asyncDispose]());

const tools = { zstd: ["zstd -dc", "tar --zstd -tf"], gzip: ["gzip -dc", "tar -tzf"] } as const;

describe.each(["zstd", "gzip"] as const)("--compression %s", (packing) => {
  const { lowest, usual, highest } = packingLevels[packing];
  const [unpack, list] = tools[packing];
  // zstd's highest takes a minute for this.
  const levels = [lowest, usual, packing === "zstd" ? 12 : highest];

  testNeeding(
    [program("zstd"), program("tar")],
    `is read by ${unpack} and ${list} at every level, and by ours`,
    async () => {
      const sizes: number[] = [];
      for (const level of levels) {
        const name = `${level}.tar.${packing}`;
        sizes.push(
          (await serialize(name, "--compression", packing, "--compression-level", `${level}`)).length,
        );
        expect(shell(`${unpack} "$1"`, name).out.equals(plain)).toBe(true);
        expect(shell(`${list} "$1" | sort`, name).out.equals(shell("tar -tf plain.tar | sort").out)).toBe(
          true,
        );
        const read = await world.run([
          "mirror",
          "deserialize",
          world.dir.file(name),
          `high.test/${packing}:${level}`,
        ]);
        expect(read).toMatchObject({ code: 0 });
      }
      const [low, middle, high] = sizes;
      expect(middle!).toBeLessThan(low!);
      expect(high!).toBeLessThan(middle!);
      expect(low!).toBeLessThan(random.length + text.length);
    },
    120_000,
  );

  test("passes through what is compressed already, and makes text no larger than it is alone", async () => {
    const archive = await serialize("once", "--compression", packing);
    // Frames that are random from end to end: at least one of three that the layer touches, all but the few pieces at block edges.
    expect(verbatim(archive, random.subarray(4 * mebibyte, 5 * mebibyte))).toBeGreaterThan(90);
    expect(verbatim(archive, text)).toBe(0);
    const again = await serialize("again", "--compression", packing, "--compression-level", `${usual}`);
    expect(again.equals(archive)).toBe(true);
  });

  test("goes on at a level that is not the usual one, to the same bytes", async () => {
    await pushPlain(world, "packed", [9_000_000, 3_000_000]);
    const path = world.dir.file(`packed.${packing}`);
    const run = (...more: string[]) =>
      world.run([
        ...["mirror", "serialize", "low.test/packed:v1", path, "--compression", packing],
        ...["--compression-level", packing === "zstd" ? "9" : "1", ...more],
      ]);
    expect(await run()).toMatchObject({ code: 0 });
    const whole = readFileSync(path);
    await Bun.write(path, new Uint8Array(whole.subarray(0, 7_000_000)));
    expect(await run("--resume")).toMatchObject({ code: 0 });
    expect(readFileSync(path).equals(whole)).toBe(true);
  });

  test("a level that it has not is refused, with those that it has", async () => {
    for (const level of ["0", `${highest + 1}`, "-1", "fast", "3.5", ""]) {
      const run = await world.run([
        ...["mirror", "serialize", image, world.dir.file("no"), "--compression", packing],
        `--compression-level=${level}`,
      ]);
      expect(run).toMatchObject({ code: 2 });
      expect(run.stderr).toContain(
        `Cannot use ${JSON.stringify(level)} as --compression-level: want a whole number from ${lowest} to ${highest} for ${packing}`,
      );
    }
  });
});

test("a level without a compression is refused", async () => {
  const run = await world.run([
    "mirror",
    "serialize",
    image,
    world.dir.file("no"),
    "--compression-level",
    "3",
  ]);
  expect(run).toMatchObject({ code: 2 });
  expect(run.stderr).toContain("Cannot use --compression-level alone");
});

/** Program, and how it packs standard input into several frames or members. */
const writers: [string, string][] = [
  ["zstd", "zstd -qc -T0 -B1M"],
  [
    "zstd",
    "printf 'P*M\\030\\003\\000\\000\\000abc'; zstd -qc --no-check; printf 'Q*M\\030\\000\\000\\000\\000'",
  ],
  ["pzstd", "pzstd -qc -p 2"],
  ["pigz", "pigz -c -i -b 512"],
  ["bgzip", "bgzip -c"],
  ["gzip", "head -c 5000000 > head; gzip -c head; gzip -c"],
];
for (const [name, script] of writers) {
  testNeeding(
    [program(name)],
    `deserialize reads what is packed with ${script}; cut it ends with 6`,
    async () => {
      expect(shell(`{ ${script}; } < plain.tar > theirs`).code).toBe(0);
      const whole = await world.run([
        "mirror",
        "deserialize",
        world.dir.file("theirs"),
        "high.test/theirs:v1",
      ]);
      expect(whole).toMatchObject({ code: 0 });
      const bytes = readFileSync(world.dir.file("theirs"));
      await Bun.write(world.dir.file("cut"), new Uint8Array(bytes.subarray(0, bytes.length - 40_000)));
      const cut = await world.run(["mirror", "deserialize", world.dir.file("cut"), "high.test/cut:v1"]);
      expect(cut).toMatchObject({ code: 6 });
      expect(await world.highHas("cut", "v1")).toBe(false);
    },
  );
}
