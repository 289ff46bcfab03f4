/** `--volume-size` and `--verify`: volumes as files, their catalogues, going on after kills, commands between volumes. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { pushArtifact } from "../support/push.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { openWorld, plainImage, type World } from "./world.ts";

setDefaultTimeout(60_000);

const kib = 1024;
const image = plainImage("volumes", [300 * kib, 0, 700, 200 * kib, 3, 64 * kib]);

let world: World;
let whole: Buffer;
beforeAll(async () => {
  world = await openWorld();
  await pushArtifact(world.low.origin, "app", image, "v1");
  await pushArtifact(world.low.origin, "other", plainImage("volumes/other", [100 * kib]), "v1");
  expect((await serialize(world.dir.file("whole.tar"))).code).toBe(0);
  whole = readFileSync(world.dir.file("whole.tar"));
});
afterAll(() => world[Symbol.asyncDispose]());

const serialize = (destination: string, more: readonly string[] = [], source = "low.test/app:v1") =>
  world.run(["mirror", "serialize", source, destination, "-b", "16Ki", ...more]);
const sized = (destination: string, more: readonly string[] = []) =>
  serialize(destination, ["--volume-size", "100Ki", ...more]);

const volumesOf = (dir: TempDir, name = "a.tar") =>
  readdirSync(dir.path)
    .filter((file) => new RegExp(`^${name.replace(".", "\\.")}\\.\\d+$`).test(file))
    .sort();
const contentOf = (dir: TempDir, files: readonly string[]) =>
  Buffer.concat(files.map((file) => readFileSync(dir.file(file))));
const labelsOf = (dir: TempDir, files: readonly string[]) =>
  files.map((file) => JSON.parse(readFileSync(dir.file(`${file}.catalogue`), "utf8").split("\n")[0] ?? ""));
/** All files of a directory, by name. */
const snapshot = (dir: TempDir) =>
  Object.fromEntries(
    readdirSync(dir.path)
      .sort()
      .map((file) => [file, Bun.hash(readFileSync(dir.file(file)))]),
  );

describe("volumes as files", () => {
  test("together they are the archive, and each catalogue says which part it is, its hash and what ends in it", async () => {
    await using dir = await tempDir();
    const { code, stderr } = await sized(dir.file("a.tar"), ["--checkpoint", dir.file("cp")]);
    expect(code).toBe(0);
    const files = volumesOf(dir);
    expect(files.length).toBe(Math.ceil(whole.length / (96 * kib)));
    expect(contentOf(dir, files).equals(whole)).toBe(true);
    expect(existsSync(dir.file("a.tar"))).toBe(false);
    const labels = labelsOf(dir, files);
    let offset = 0;
    for (const [at, label] of labels.entries()) {
      const bytes = readFileSync(dir.file(files[at]!));
      expect(label).toMatchObject({
        ...{ aceDtCatalogue: 1, name: "v1", volume: at + 1, offset, bytes: bytes.length, set: labels[0].set },
        last: at === labels.length - 1,
      });
      const lines = readFileSync(dir.file(`${files[at]}.catalogue`), "utf8")
        .trim()
        .split("\n");
      const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
      expect(JSON.parse(lines[1] ?? "")).toEqual({ segment: 0, sha256 });
      offset += bytes.length;
    }
    expect(stderr).toContain(`${files.length} volumes of set ${labels[0].set}`);
    const ledger = readFileSync(dir.file("cp"), "utf8").trim().split("\n");
    const catalogued = files.flatMap((file) =>
      readFileSync(dir.file(`${file}.catalogue`), "utf8")
        .trim()
        .split("\n")
        .slice(2),
    );
    expect(catalogued).toEqual(ledger);
    for (const line of ledger) {
      const { annotations } = JSON.parse(line);
      const at = Number(annotations["vnd.act3-ace.data.offset"]);
      expect(annotations["vnd.act3-ace.data.volume"]).toBe(String(Math.ceil(at / (96 * kib))));
    }
  });

  test("a compressed archive is cut in the same way", async () => {
    await using dir = await tempDir();
    expect((await sized(dir.file("a.tar.zst"), ["--compression", "zstd"])).code).toBe(0);
    expect((await serialize(dir.file("one"), ["--compression", "zstd"])).code).toBe(0);
    const files = volumesOf(dir, "a.tar.zst");
    expect(files.length).toBeGreaterThan(3);
    expect(contentOf(dir, files).equals(readFileSync(dir.file("one")))).toBe(true);
  });

  test("an archive that ends with a whole volume has no empty one behind it", async () => {
    await using dir = await tempDir();
    const { code } = await serialize(dir.file("a.tar"), [
      ...["-b", "512", "--volume-size", String(whole.length / 2)],
    ]);
    expect(code).toBe(0);
    expect(volumesOf(dir)).toEqual(["a.tar.001", "a.tar.002"]);
    expect(labelsOf(dir, volumesOf(dir)).map(({ last }) => last)).toEqual([false, true]);
  });

  test("volumes that are there are neither written over nor mixed with others, unless --force is given", async () => {
    await using dir = await tempDir();
    expect((await sized(dir.file("a.tar"))).code).toBe(0);
    const before = snapshot(dir);
    const again = await sized(dir.file("a.tar"));
    expect(again.code).toBe(7);
    expect(again.stderr).toContain("a.tar.001: the file exists already");
    rmSync(dir.file("a.tar.001"));
    rmSync(dir.file("a.tar.001.catalogue"));
    const partly = await sized(dir.file("a.tar"));
    expect(partly.code).toBe(7);
    expect(partly.stderr).toContain("a.tar.002: the file exists already");
    expect((await sized(dir.file("a.tar"), ["--force"])).code).toBe(0);
    expect(snapshot(dir)).toEqual(before);
  });

  test("a forced run that is stopped leaves no catalogue of the volumes before", async () => {
    await using dir = await tempDir();
    expect((await sized(dir.file("a.tar"))).code).toBe(0);
    const hook = "echo ready >&2; [ $VOLUME = 2 ] || sleep 600";
    const stopped = await world.run(
      [
        ...["mirror", "serialize", "low.test/other:v1", dir.file("a.tar"), "-b", "16Ki"],
        ...["--volume-size", "32Ki", "--force", "--volume-change", hook],
      ],
      { signal: { signal: "SIGTERM", when: /ready[\s\S]*ready/ } },
    );
    expect(stopped.code).toBe(143);
    expect(existsSync(dir.file("a.tar.002.catalogue"))).toBe(true);
    const [first, second] = labelsOf(dir, ["a.tar.001", "a.tar.002"]);
    expect([first.bytes, second.bytes, second.set]).toEqual([32 * kib, 32 * kib, first.set]);
    const read = await world.run(["mirror", "verify", dir.file("a.tar")]);
    expect(read.code).toBe(6);
    expect(read.stderr).toContain("a.tar.002 is volume 2 of set");
  });

  test("a size less than a block, and a destination that has no names beside it, are refused", async () => {
    await using dir = await tempDir();
    const small = await serialize(dir.file("a.tar"), ["--volume-size", "1Ki"]);
    expect(small.code).toBe(2);
    expect(small.stderr).toContain("it is less than --block-size 16384");
    const nothing = await serialize(dir.file("a.tar"), ["--volume-size", "0"]);
    expect(nothing.code).toBe(2);
    const stdout = await serialize("-", ["--volume-size", "100Ki"]);
    expect(stdout.code).toBe(2);
    expect(stdout.stderr).toContain("standard output is neither a tape nor the name of a file");
    const device = await serialize("/dev/null", ["--volume-size", "100Ki"]);
    expect(device.code).toBe(2);
    expect(readdirSync(dir.path)).toEqual([]);
  });

  test("flags of sets are refused where there is none", async () => {
    await using dir = await tempDir();
    const hook = await serialize(dir.file("a.tar"), ["--volume-change", "true"]);
    expect(hook.code).toBe(2);
    expect(hook.stderr).toContain("Cannot use --volume-change");
    const token = await serialize(dir.file("a.tar"), ["--resume", "--resume-volume", "2:16384:00000000"]);
    expect(token.code).toBe(2);
    expect(token.stderr).toContain("Cannot use --resume-volume");
    const read = await world.run(["mirror", "list", world.dir.file("whole.tar"), "--volume-change", "true"]);
    expect(read.code).toBe(2);
    expect(read.stderr).toContain("is not a tape");
    expect(readdirSync(dir.path)).toEqual([]);
  });

  test("archive cuts volumes too", async () => {
    await using dir = await tempDir();
    writeFileSync(dir.file("list"), "low.test/app:v1\nlow.test/other:v1\n");
    const args = ["mirror", "archive", dir.file("list")];
    expect((await world.run([...args, dir.file("one.tar"), "sync-1"])).code).toBe(0);
    expect((await world.run([...args, dir.file("a.tar"), "sync-1", "--volume-size", "1Mi"])).code).toBe(0);
    expect(contentOf(dir, volumesOf(dir)).equals(readFileSync(dir.file("one.tar")))).toBe(true);
  });
});

describe("--volume-change between files", () => {
  test("is run before each further volume, with its number, the set and the reason", async () => {
    await using dir = await tempDir();
    const log = dir.file("log");
    const command = `echo "$VOLUME $SET_ID $REASON $DEVICE" >>${log}`;
    expect((await sized(dir.file("a.tar"), ["--volume-change", command])).code).toBe(0);
    const files = volumesOf(dir);
    const [{ set }] = labelsOf(dir, files);
    expect(readFileSync(log, "utf8").trim().split("\n")).toEqual(
      files.slice(1).map((_, at) => `${at + 2} ${set} full ${dir.file("a.tar")}`),
    );
  });

  test("that fails ends the run with 7, whole volumes, and the command to go on", async () => {
    await using dir = await tempDir();
    const failed = await sized(dir.file("a.tar"), ["--volume-change", '[ "$VOLUME" != 3 ]']);
    expect(failed.code).toBe(7);
    expect(failed.stderr).toContain("the command for the next volume ended with 1");
    expect(failed.stderr).toMatch(/to go on in these files: ace-dt mirror serialize .* --resume/);
    expect(volumesOf(dir)).toEqual(["a.tar.001", "a.tar.002"]);
    expect((await sized(dir.file("a.tar"), ["--resume"])).code).toBe(0);
    expect(contentOf(dir, volumesOf(dir)).equals(whole)).toBe(true);
  });

  test("may take the volumes away: the printed command goes on with the next one", async () => {
    await using dir = await tempDir();
    const failed = await sized(dir.file("a.tar"), [
      ...["--volume-change", `mv ${dir.path}/a.tar.* ${dir.path}/..; false`, "--checkpoint", dir.file("cp")],
    ]);
    const moved = new TempFiles(dir);
    try {
      expect(failed.code).toBe(7);
      const command = /to go on in these files: ace-dt (.*)/.exec(failed.stderr)?.[1] ?? "";
      expect(command).toMatch(/--resume --resume-volume 2:98304:[0-9a-f]{8}$/);
      const token = command.split(" ").at(-1) ?? "";
      const wrong = await sized(dir.file("a.tar"), [
        "--resume",
        "--resume-volume",
        token.replace("98304", "98305"),
      ]);
      expect(wrong.code).toBe(3);
      expect(wrong.stderr).toContain("the token was not copied right");
      const next = await sized(dir.file("a.tar"), [
        ...["--resume", "--resume-volume", token, "--checkpoint", dir.file("cp")],
      ]);
      expect(next.code).toBe(0);
      moved.bringBack();
      expect(contentOf(dir, volumesOf(dir)).equals(whole)).toBe(true);
      expect(labelsOf(dir, volumesOf(dir)).map(({ volume }) => volume)).toEqual(
        volumesOf(dir).map((_, at) => at + 1),
      );
    } finally {
      moved.remove();
    }
  });

  test("that hangs is ended with the run", async () => {
    await using dir = await tempDir();
    const command = `echo waiting >&2; sleep 600; touch ${dir.file("late")}`;
    const { code, ms } = await world.run(
      [
        "mirror",
        "serialize",
        "low.test/app:v1",
        dir.file("a.tar"),
        "-b",
        "16Ki",
        "--volume-size",
        "100Ki",
        "--volume-change",
        command,
      ],
      { signal: { signal: "SIGTERM", when: /waiting/ } },
    );
    expect(code).toBe(143);
    expect(ms).toBeLessThan(20_000);
    expect(await commandLinesWith(dir.path)).toEqual([]);
    expect(volumesOf(dir)).toEqual(["a.tar.001"]);
  });
});

/** Command lines of processes that name a path: what a run started must not outlive it. */
async function commandLinesWith(path: string): Promise<string[]> {
  const lines = await Promise.all(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      // A process that ended meanwhile has no command line any more.
      .map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return lines.filter((line) => line.includes(path));
}

/** What a command moved one directory up. */
class TempFiles {
  constructor(readonly dir: TempDir) {}
  #names(): string[] {
    return readdirSync(`${this.dir.path}/..`).filter((name) => /^a\.tar\.00\d(\.catalogue)?$/.test(name));
  }
  bringBack(): void {
    for (const name of this.#names())
      writeFileSync(this.dir.file(name), readFileSync(`${this.dir.path}/../${name}`));
  }
  remove(): void {
    for (const name of this.#names()) rmSync(`${this.dir.path}/../${name}`);
  }
}

describe("--verify", () => {
  for (const more of [[], ["--volume-size", "100Ki"]]) {
    const what = more.length === 0 ? "a file" : "volumes";
    test(`reads ${what} back, and finds a byte that changed meanwhile`, async () => {
      await using dir = await tempDir();
      expect((await serialize(dir.file("sound.tar"), [...more, "--verify"])).code).toBe(0);
      // The rate leaves time to change what is written already.
      const target = more.length === 0 ? dir.file("a.tar") : dir.file("a.tar.001");
      const running = serialize(dir.file("a.tar"), [...more, "--verify", "--rate-limit", "200Ki"]);
      while (!existsSync(target) || readFileSync(target).length < 16 * kib) await Bun.sleep(2);
      flip(target, 2000);
      const { code, stderr } = await running;
      expect(code).toBe(6);
      expect(stderr).toContain(`Cannot trust ${target}: what was read back is not what was written`);
    });
  }

  test("goes over what an earlier run wrote, too", async () => {
    await using dir = await tempDir();
    writeFileSync(dir.file("a.tar"), whole.subarray(0, 200_000));
    expect((await serialize(dir.file("a.tar"), ["--resume", "--verify"])).code).toBe(0);
    expect(readFileSync(dir.file("a.tar")).equals(whole)).toBe(true);
  });

  test("is refused for what cannot be read back", async () => {
    for (const destination of ["-", "/dev/null"]) {
      const { code, stderr } = await serialize(destination, ["--verify"]);
      expect(code).toBe(2);
      expect(stderr).toContain("cannot be read back");
    }
  });
});

test("--rate-limit keeps a rate", async () => {
  await using dir = await tempDir();
  const { code, ms } = await serialize(dir.file("a.tar"), ["--rate-limit", "400Ki"]);
  expect(code).toBe(0);
  // A tenth of a second of it may go out at once.
  expect(ms).toBeGreaterThan((whole.length / (400 * kib) - 0.2) * 1000);
  const none = await serialize(dir.file("b.tar"), ["--rate-limit", "0"]);
  expect(none.code).toBe(2);
});

describe("--resume of volumes", () => {
  for (const packing of [[], ["--compression", "zstd"]] as const) {
    test(`${packing[1] ?? "plain"}: whatever a kill left, the set becomes the one of an uninterrupted run`, async () => {
      await using dir = await tempDir();
      const checkpoint = ["--checkpoint", dir.file("cp")];
      const run = (more: readonly string[]) => sized(dir.file("a.tar"), [...packing, ...checkpoint, ...more]);
      expect((await run([])).code).toBe(0);
      const wanted = snapshot(dir);
      const files = volumesOf(dir);
      const cut = (at: number, bytes: number) => truncateSync(dir.file(files[at]!), bytes);
      const drop = (from: number) => dropFrom(dir, files, from);
      const cutCatalogue = (at: number, bytes: number) =>
        truncateSync(dir.file(`${files[at]}.catalogue`), bytes);
      const dropCatalogue = (at: number) => rmSync(dir.file(`${files[at]}.catalogue`));
      const last = files.length - 1;
      const cuts: [what: string, ...changes: (() => void)[]][] = [
        ["nothing is missing"],
        ["the last volume is cut", () => cut(last, 100)],
        ["the last catalogue is missing", () => dropCatalogue(last)],
        ["the last volume is missing", () => drop(last)],
        ["the third volume is cut in a block", () => drop(3), () => cut(2, 20_000), () => dropCatalogue(2)],
        ["the second volume is whole, without its catalogue", () => drop(2), () => dropCatalogue(1)],
        ["the second catalogue is cut", () => drop(2), () => cutCatalogue(1, 30)],
        // A checkpoint vouches for what was flushed once; without one every blob is hashed.
        ["a byte is flipped", () => rmSync(dir.file("cp")), () => flip(dir.file(files[1]!), 50_000)],
        ["the first volume is empty", () => drop(1), () => cut(0, 0), () => dropCatalogue(0)],
      ];
      for (const [what, ...changes] of cuts) {
        for (const change of changes) change();
        const { code, stderr } = await run(["--resume"]);
        expect([what, code, stderr.includes("Cannot")]).toEqual([what, 0, false]);
        expect([what, snapshot(dir)]).toEqual([what, wanted]);
      }
    });
  }

  test("volumes of another archive are refused, and stay", async () => {
    await using dir = await tempDir();
    expect((await serialize(dir.file("a.tar"), ["--volume-size", "32Ki"], "low.test/other:v1")).code).toBe(0);
    const before = snapshot(dir);
    const { code, stderr } = await sized(dir.file("a.tar"), ["--resume"]);
    expect(code).toBe(3);
    expect(stderr).toContain("a.tar.001: it is volume 1 of set");
    expect(snapshot(dir)).toEqual(before);
  });

  test("a whole set is left as it is", async () => {
    await using dir = await tempDir();
    expect((await sized(dir.file("a.tar"))).code).toBe(0);
    const before = snapshot(dir);
    const { code, stderr } = await sized(dir.file("a.tar"), ["--resume"]);
    expect(code).toBe(0);
    expect(stderr).toContain("was whole already");
    expect(snapshot(dir)).toEqual(before);
  });
});

function dropFrom(dir: TempDir, files: readonly string[], at: number): void {
  for (const file of files.slice(at))
    for (const each of [file, `${file}.catalogue`]) rmSync(dir.file(each), { force: true });
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}
