/** kill -9 at any moment, again and again, each time gone on with in place: the archive comes out as if nothing had happened. */
import { expect } from "bun:test";
import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import { type EmbeddedRegistry, embedded } from "../support/embedded.ts";
import { linux, program, testNeeding } from "../support/needs.ts";
import { pushArtifact } from "../support/push.ts";
import { binaryPath, prepareBinary, runOk, writeConfig } from "../support/run-binary.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { plainImage } from "./world.ts";

const kib = 1024;

/** Numbers from 0 to 1, the same in every run. */
function* randomNumbers(seed: string): Generator<number, never, undefined> {
  for (let round = 0; ; round++) {
    const bytes = Buffer.from(seededBytes(`${seed}/${round}`, 4096));
    for (let at = 0; at < bytes.length; at += 4) yield bytes.readUInt32BE(at) / 2 ** 32;
  }
}

interface Killing {
  registry: EmbeddedRegistry;
  dir: TempDir;
  config: string;
}

async function openKilling(): Promise<Killing> {
  await prepareBinary();
  const [registry, dir] = await Promise.all([embedded(), tempDir()]);
  // One connection costs the least, and the file grows slowly enough to be hit everywhere.
  const config = await writeConfig(
    dir.file("config.yaml"),
    { "low.test": registry.origin },
    "concurrentHTTP: 1\n",
  );
  return { registry, dir, config };
}

const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** Bytes of a write call: small, so that there are many moments to be killed at. */
const blockBytes = 1024;

/** One run that a kill meets once the file has reached about `target` bytes. @returns its exit code */
type KilledRun = (args: readonly string[], file: string, target: number) => Promise<number>;

const spawnOptions = {
  env: { PATH: process.env.PATH, HOME: "/nonexistent" },
  stdout: "ignore",
  stderr: "inherit",
} as const;

/** Instead of a certain write call, to the byte. */
const killAtWrite: KilledRun = async (args, file, target) => {
  // strace takes the path of what it watches only when it is there.
  closeSync(openSync(file, "a"));
  const call = 1 + Math.floor((target - sizeOf(file)) / blockBytes);
  const inject = `inject=write:signal=KILL:when=${call}`;
  const strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", file, "-e", "trace=write", "-e", inject];
  const child = Bun.spawn([...strace, binaryPath(), ...args, "--quiet"], spawnOptions);
  return await child.exited;
};

/** Without any kill. */
const unharmed: KilledRun = async (args) =>
  await Bun.spawn([binaryPath(), ...args, "--quiet"], spawnOptions).exited;

/** From outside, at some moment after the file has that length. */
const killWhenSeen: KilledRun = async (args, file, target) => {
  const child = Bun.spawn([binaryPath(), ...args, "--quiet"], spawnOptions);
  let ended = false;
  const code = child.exited.finally(() => {
    ended = true;
  });
  while (!ended && sizeOf(file) < target) await Bun.sleep(1);
  child.kill("SIGKILL");
  return await code;
};

/** Goes on with a file until a run comes to its end; all before that are killed when the file has reached a random length. */
async function killUntilWhole(
  run: KilledRun,
  args: readonly string[],
  file: string,
  wholeBytes: number,
  random: Iterator<number, never>,
  kills: { most: number; at: number[] },
): Promise<void> {
  for (;;) {
    const had = sizeOf(file);
    // Sometimes farther than there is to write, so that the run comes to its end.
    const further = random.next().value * (wholeBytes - had) * 1.1 + wholeBytes / 20;
    const isEnough = kills.at.length >= kills.most;
    const code = await (isEnough ? unharmed : run)(args, file, had + Math.floor(further));
    if (code === 0) return;
    expect(code).toBe(137);
    kills.at.push(sizeOf(file));
  }
}

const plainSizes = Array.from({ length: 20 }, (_, at) => (at * 9777) % (30 * kib));

const kinds = [
  {
    name: "a tar, killed at a write,",
    needs: [linux, program("strace")],
    run: killAtWrite,
    flags: [],
    kills: 150,
    sizes: plainSizes,
  },
  {
    name: "a tar, killed from outside,",
    needs: [],
    run: killWhenSeen,
    flags: [],
    kills: 30,
    // The large one goes into the file as it comes.
    sizes: [...plainSizes, 3 * kib * kib],
  },
  ...(["zstd", "gzip"] as const).map((packing) => ({
    name: `a tar in ${packing}`,
    needs: [],
    run: killWhenSeen,
    flags: ["--compression", packing],
    kills: 10,
    // Three frames of 4 MiB.
    sizes: Array.from({ length: 12 }, (_, at) => 650 * kib + at * 11 * kib),
  })),
];

for (const { name, needs, run, flags, kills, sizes } of kinds) {
  testNeeding(
    needs,
    `${name} is byte for byte the same after ${kills} kills`,
    async () => {
      const world = await openKilling();
      await using _ = world.registry;
      await using dir = world.dir;
      await pushArtifact(world.registry.origin, "app", plainImage(`kill/${name}`, sizes), "v1");
      const args = (file: string) => [
        ...["mirror", "serialize", "low.test/app:v1", file, "--config", world.config],
        ...["-b", String(blockBytes), "--checkpoint", `${file}.ledger`, ...flags, "--resume"],
      ];
      await runOk(args(dir.file("whole")));
      const whole = readFileSync(dir.file("whole"));
      const ledger = readFileSync(dir.file("whole.ledger"));
      const random = randomNumbers(name);
      const hits = { most: kills, at: [] as number[] };
      const lane = async (lane: number) => {
        for (let round = 0; hits.at.length < kills; round++) {
          const file = dir.file(`${lane}-${round}`);
          await killUntilWhole(run, args(file), file, whole.length, random, hits);
          expect(readFileSync(file).equals(whole)).toBe(true);
          expect(readFileSync(`${file}.ledger`).equals(ledger)).toBe(true);
        }
      };
      await Promise.all([lane(1), lane(2)]);
      // The kills came at many places, most of them in the middle.
      const inside = hits.at.filter((size) => size > 0 && size < whole.length);
      expect(new Set(inside).size).toBeGreaterThan(kills / 4);
    },
    600_000,
  );
}
