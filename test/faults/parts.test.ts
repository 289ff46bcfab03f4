/** An archive in several parts, each cut or damaged: together they are whole, in any order; apart they say what they lack. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { program, testNeeding } from "../support/needs.ts";
import { pushArtifact, walkImage } from "../support/push.ts";
import { readLedgerLines, walkTar } from "./archive-facts.ts";
import { openWorld, plainImage, type World } from "./world.ts";

setDefaultTimeout(60_000);

const kib = 1024;
const image = plainImage(
  "parts",
  Array.from({ length: 9 }, () => 100 * kib),
);
const digests = [...image.manifests, ...image.blobs].map(({ descriptor }) => descriptor.digest).sort();

let world: World;
/** Three parts: the first two cut in the middle of a layer, the second written with the first one's checkpoint, and so on. */
let parts: [string, string, string];
let first: Buffer;
beforeAll(async () => {
  world = await openWorld();
  await pushArtifact(world.low.origin, "app", image, "v1");
  const part = (number: number) => world.dir.file(`part-${number}.tar`);
  parts = [part(1), part(2), part(3)];
  const checkpoints: string[] = [];
  for (const [at, path] of parts.entries()) {
    const ledger = world.dir.file(`cp${at + 1}`);
    const known = checkpoints.flatMap((position) => ["--existing-from-checkpoint", position]);
    await ok("serialize", "sound.test/app:v1", path, "--checkpoint", ledger, ...known);
    if (at === 2) continue;
    const [, , , third, fourth] = readLedgerLines(ledger);
    const cut = third!.offset + Math.floor((fourth!.offset - third!.offset) / 2);
    writeFileSync(path, readFileSync(path).subarray(0, cut));
    checkpoints.push(`${ledger}:${cut}`);
  }
  first = readFileSync(parts[0]);
});
afterAll(() => world[Symbol.asyncDispose]());

async function ok(...args: string[]): Promise<string> {
  const { code, stderr } = await world.run(["mirror", ...args]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stderr;
}

/** `SOURCE TO --parts PART --parts PART`. */
const deserialize = (files: readonly string[], to: string, more: readonly string[] = []) =>
  world.run([
    ...["mirror", "deserialize", files[0]!, `high.test/${to}`],
    ...files.slice(1).flatMap((file) => ["--parts", file]),
    ...more,
  ]);

async function expectAll(repository: string): Promise<void> {
  const walked = await walkImage(world.high.origin, repository, "1");
  expect(walked.root.digest).toBe(image.root.digest);
  expect([...walked.digests].sort()).toEqual(digests);
}

const orders = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

describe("deserialize --parts", () => {
  for (const order of orders) {
    test(`makes one image of three parts, given as ${order.map((at) => at + 1).join(", ")}`, async () => {
      const to = `all/${order.join("")}`;
      const files = order.map((at) => parts[at]!);
      expect(await deserialize(files, `${to}:dry`, ["--dry-run"])).toMatchObject({ code: 0 });
      expect(await world.highHas(to, "dry")).toBe(false);
      const { code, stderr } = await deserialize(files, `${to}:1`);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(stderr).toContain("part-1.tar");
      expect(stderr).toContain("another part has to make up for it");
      expect(stderr).toContain("10 blobs");
      await expectAll(to);
    });
  }

  test("takes the same parts in the order of --strict, which each of them keeps", async () => {
    expect(await deserialize(parts, "strict:1", ["--strict"])).toMatchObject({ code: 0 });
    await expectAll("strict");
  });

  for (const missing of [0, 1, 2]) {
    test(`ends with 6 without part ${missing + 1}, names what is missing, and tags nothing`, async () => {
      const files = parts.filter((_, at) => at !== missing);
      const { code, stderr } = await deserialize(files, `without-${missing}:1`);
      expect({ code, stderr }).toMatchObject({ code: 6 });
      const held = new Set(
        files.flatMap((file) =>
          walkTar(readFileSync(file))
            .entries.filter(({ body }) => body !== undefined)
            .map(({ name }) => name.replace("blobs/sha256/", "sha256:")),
        ),
      );
      for (const digest of digests)
        expect({ digest, said: stderr.includes(`${digest} (`) }).toEqual({ digest, said: !held.has(digest) });
      expect(await world.highHas(`without-${missing}`, "1")).toBe(false);
    });
  }

  for (const [what, damage] of [
    ["zeros, as a power cut leaves them", (bytes: Buffer) => bytes.fill(0)],
    ["a byte turned over", (bytes: Buffer) => bytes.fill(bytes[0]! ^ 255, 0, 1)],
  ] as const) {
    test(`takes from another part what one part has damaged: ${what}`, async () => {
      const damaged = Buffer.from(first);
      const layer = walkTar(damaged).entries.findLast(({ body }) => body !== undefined)!;
      damage(damaged.subarray(layer.bodyOffset + 512, layer.bodyOffset + 4096));
      writeFileSync(world.dir.file("damaged.tar"), damaged);
      const whole = world.dir.file("whole.tar");
      await ok("serialize", "sound.test/app:v1", whole, "--force");
      for (const [at, files] of [
        [world.dir.file("damaged.tar"), whole],
        [whole, world.dir.file("damaged.tar")],
      ].entries()) {
        const to = `damaged-${what.length}-${at}`;
        expect(await deserialize(files, `${to}:1`)).toMatchObject({ code: 0 });
        await expectAll(to);
      }
      const { code, stderr } = await deserialize(
        [world.dir.file("damaged.tar"), parts[1], parts[2]],
        "lost:1",
      );
      expect({ code, stderr }).toMatchObject({ code: 6 });
      expect(stderr).toContain(`${layer.name.replace("blobs/sha256/", "sha256:")} (`);
      expect(await world.highHas("lost", "1")).toBe(false);
    });
  }

  testNeeding(
    [program("gzip"), program("mkfifo")],
    "takes compressed parts, a pipe and standard input",
    async () => {
      Bun.spawnSync(["sh", "-c", 'gzip -c < "$0" > "$0.gz"; mkfifo "$1"', parts[0], world.dir.file("pipe")]);
      const feed = Bun.spawn(["sh", "-c", 'cat "$0" > "$1"', parts[1], world.dir.file("pipe")]);
      const result = await world.run(
        [
          ...["mirror", "deserialize", "-", "high.test/streams:1", "--parts", `${parts[0]}.gz`],
          ...["--parts", world.dir.file("pipe")],
        ],
        { stdin: Bun.file(parts[2]) },
      );
      expect(result).toMatchObject({ code: 0 });
      await feed.exited;
      await expectAll("streams");
    },
  );

  for (const packing of ["zstd", "gzip"] as const) {
    for (const kept of [0.5, 0.9]) {
      test(`takes a part in ${packing} of which only ${kept * 100} % are there`, async () => {
        const cut = world.dir.file(`cut-${kept}.${packing}`);
        await ok("serialize", "sound.test/app:v1", cut, "--compression", packing, "--force");
        const bytes = readFileSync(cut);
        writeFileSync(cut, bytes.subarray(0, bytes.length * kept));
        for (const [at, files] of [
          [cut, parts[2], parts[1], parts[0]],
          [parts[2], cut, parts[0], parts[1]],
        ].entries()) {
          const to = `cut-${packing}-${kept * 10}-${at}`;
          const { code, stderr } = await deserialize(files, `${to}:1`);
          expect({ code, stderr }).toMatchObject({ code: 0 });
          await expectAll(to);
        }
      });
    }
  }

  test("a part that is no archive, or not there, ends the run and says so", async () => {
    writeFileSync(world.dir.file("text"), "no archive\n".repeat(100));
    const text = await deserialize([parts[0], world.dir.file("text"), parts[1]], "bad:1");
    expect(text).toMatchObject({ code: 6 });
    expect(text.stderr).toContain("it is not a tar archive");
    const before = world.highProxy.requests.length;
    const gone = await deserialize([parts[0], world.dir.file("gone")], "bad:1");
    expect(gone).toMatchObject({ code: 7 });
    expect(gone.stderr).toContain(`Cannot read ${world.dir.file("gone")}: no such file`);
    expect(world.highProxy.requests.length).toBe(before);
    const twice = await deserialize(["-", "-"], "bad:1");
    expect(twice).toMatchObject({ code: 2 });
  });
});
