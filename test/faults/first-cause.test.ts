/** What fails first is what a run ends with, whoever reports first, and whatever fails behind it. Met by the compiled binary. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { jailNeed } from "../support/jail.ts";
import { linux, testNeeding } from "../support/needs.ts";
import { binaryPath, type RunOptions } from "../support/run-binary.ts";
import { tempDir } from "../support/temp-dir.ts";
import { walkTar } from "./archive-facts.ts";
import { openWorld, pushPlain, type World } from "./world.ts";

const kib = 1024;
/** Times in a row that a full medium is met, over all the ways to meet it: one in twenty was told wrong. */
const often = 100;
let world: World;
let layers: Awaited<ReturnType<typeof pushPlain>>["layers"];
beforeAll(async () => {
  world = await openWorld();
  ({ layers } = await pushPlain(
    world,
    "app",
    Array.from({ length: 8 }, () => 256 * kib),
  ));
  await pushPlain(
    world,
    "many",
    Array.from({ length: 60 }, () => 5 * kib),
  );
});
afterAll(() => world[Symbol.asyncDispose]());

const serialize = (
  image: string,
  destination: string,
  more: readonly string[] = [],
  options: RunOptions = {},
) => world.run(["mirror", "serialize", image, destination, "-b", "64Ki", ...more], options);

/** How runs ended, and how often in each way. */
async function endings(
  times: number,
  run: () => Promise<{ code: number; stderr: string }>,
): Promise<Record<string, number>> {
  const count: Record<string, number> = {};
  for (let done = 0; done < times; done++) {
    const { code, stderr } = await run();
    const key = `${code}: ${stderr.split("\n").find((line) => line.startsWith("ace-dt: "))}`;
    count[key] = (count[key] ?? 0) + 1;
  }
  return count;
}

describe(`a medium that fails is what the run ends with, every time`, () => {
  const full = "7: ace-dt: Cannot write /dev/full: no space left on it at byte 0";
  const variants: readonly (readonly [what: string, flags: readonly string[]])[] = [
    ["a full one", ["-m", "16Mi"]],
    ["a full one behind the smallest buffer", ["-m", "512Ki"]],
    ["a full one behind compressors", ["--compression", "zstd"]],
    ["a full one with a checkpoint", ["--checkpoint", "CHECKPOINT", "--force"]],
  ];
  for (const [what, flags] of variants) {
    testNeeding(
      [linux],
      what,
      async () => {
        await using dir = await tempDir();
        const more = flags.map((flag) => (flag === "CHECKPOINT" ? dir.file("cp") : flag));
        const times = often / variants.length;
        const run = () => serialize("sound.test/app:v1", "/dev/full", more);
        expect(await endings(times, run)).toEqual({ [full]: times });
      },
      900_000,
    );
  }

  testNeeding(
    [linux],
    "a pipe whose reader has gone",
    async () => {
      const run = async () => {
        const command = [
          ...[binaryPath(), "mirror", "serialize", "sound.test/app:v1", "-", "-b", "64Ki"],
          ...["--config", world.config],
        ];
        const child = Bun.spawn(
          ["sh", "-c", '{ "$@"; echo "code $?" >&2; } | head -c 100000 >/dev/null', "sh", ...command],
          {
            stdin: "ignore",
            stdout: "ignore",
            stderr: "pipe",
          },
        );
        const stderr = await new Response(child.stderr).text();
        return { code: Number(/code (\d+)/.exec(stderr)?.[1]), stderr: stderr.replace(/ at byte \d+/, "") };
      };
      const ended = await endings(often / variants.length, run);
      expect(Object.keys(ended)).toHaveLength(1);
      expect(Object.keys(ended)[0]).toMatch(/^7: ace-dt: Cannot write standard output: /);
    },
    900_000,
  );
});

/** Runs with a directory that has room for one page only. */
const onePage = (directory: string) => {
  const mount = `mount -t tmpfs -o size=4k tmpfs "$0" && { "$@"; code=$?; cp "$0/cp" "$0/../kept.cp"; exit $code; }`;
  return ["unshare", "-m", "sh", "-c", `mount --make-rprivate / && ${mount}`, directory];
};

describe("a checkpoint that cannot be written", () => {
  const flags = ["--checkpoint", "/dev/full", "--flush-every", "64Ki"];

  testNeeding([linux], "ends the run at once: what never comes is not waited for", async () => {
    await using dir = await tempDir();
    const last = layers.at(-1)!.descriptor.digest;
    world.lowProxy.setRules([{ path: new RegExp(`/blobs/${last}$`), silence: true }]);
    const { code, stderr } = await serialize("low.test/app:v1", dir.file("a.tar"), flags);
    world.lowProxy.setRules([]);
    expect({ code, stderr }).toMatchObject({ code: 7 });
    expect(stderr).toContain("Cannot write checkpoint /dev/full");
    const good = Number(/is good up to byte (\d+)/.exec(stderr)?.[1]);
    expect(good).toBeGreaterThan(0);
    expect(good).toBeLessThan(8 * 256 * kib);
    expect(stderr).toContain("--resume");
    expect(stderr).not.toContain("--existing-from-checkpoint");
    const whole = await serialize("low.test/app:v1", dir.file("a.tar"), ["--resume"]);
    expect(whole).toMatchObject({ code: 0 });
    expect(walkTar(readFileSync(dir.file("a.tar"))).hasEndMarker).toBe(true);
  });

  testNeeding(
    [linux],
    "does not take the place of a damaged blob: both are told, and the exit code is 6",
    async () => {
      await using dir = await tempDir();
      const last = layers.at(-1)!.descriptor.digest;
      world.lowProxy.setRules([{ path: new RegExp(`/blobs/${last}$`), flipByte: 1000 }]);
      // Flushed for the first time when the run ends.
      const { code, stderr } = await serialize("low.test/app:v1", dir.file("a.tar"), [
        "--checkpoint",
        "/dev/full",
      ]);
      world.lowProxy.setRules([]);
      expect({ code, stderr }).toMatchObject({ code: 6 });
      expect(stderr).toContain(last);
      expect(stderr).toContain("besides: Cannot write checkpoint /dev/full");
    },
  );

  for (const [what, more] of [
    ["a file", []],
    ["volumes", ["--volume-size", "96Ki"]],
  ] as const) {
    testNeeding([jailNeed], `in the middle, with ${what}: what is there is gone on with`, async () => {
      await using dir = await tempDir();
      await mkdir(dir.file("small"));
      const run = (checkpoint: string, rest: readonly string[], options?: RunOptions) =>
        serialize(
          "sound.test/many:v1",
          dir.file("a.tar"),
          [...["--checkpoint", checkpoint, "--flush-every", "64Ki"], ...more, ...rest],
          options,
        );
      const cut = await run(dir.file("small/cp"), [], { wrapper: onePage(dir.file("small")) });
      expect(cut).toMatchObject({ code: 7 });
      expect(cut.stderr).toContain(`Cannot write checkpoint ${dir.file("small/cp")}`);
      await copyFile(dir.file("kept.cp"), dir.file("cp"));
      expect(await run(dir.file("cp"), ["--resume"])).toMatchObject({ code: 0 });
      const good = await serialize("sound.test/many:v1", dir.file("good.tar"), [
        ...["--checkpoint", dir.file("good.cp")],
        ...more,
      ]);
      expect(good).toMatchObject({ code: 0 });
      expect(readFileSync(dir.file("cp"), "utf8")).toBe(readFileSync(dir.file("good.cp"), "utf8"));
    });
  }

  test("behind the last byte: the archive is told to be whole", async () => {
    await using dir = await tempDir();
    const { code, stderr } = await serialize("sound.test/app:v1", dir.file("a.tar"), [
      "--checkpoint",
      "/dev/full",
    ]);
    expect({ code, stderr }).toMatchObject({ code: 7 });
    expect(stderr).toContain("Cannot write checkpoint /dev/full");
    expect(stderr).toContain(`a.tar is whole: ${readFileSync(dir.file("a.tar")).length} bytes`);
    expect(walkTar(readFileSync(dir.file("a.tar"))).hasEndMarker).toBe(true);
  });
});
