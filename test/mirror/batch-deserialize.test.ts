/** `mirror batch-deserialize` through the binary: order, tags, records, failures that are mended, discs, and the original's directory. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmod, copyFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { start, until } from "../faults/running.ts";
import { openWorld, plainImage, type World } from "../faults/world.ts";
import { indexOf } from "../support/images.ts";
import { testNeeding } from "../support/needs.ts";
import { originalFile, readOriginal } from "../support/original.ts";
import { fetchManifest, pushArtifact, walkImage } from "../support/push.ts";
import { dockerRegistry, embeddedRegistry } from "../support/registries.ts";
import { runBinary, runOk, writeConfig } from "../support/run-binary.ts";
import { tempDir } from "../support/temp-dir.ts";

setDefaultTimeout(60_000);

const kib = 1024;
const base = plainImage("base", [40 * kib, 3 * kib]);
const tools = indexOf([base, plainImage("tool", [20 * kib])]);
const opsV1 = indexOf([base, plainImage("ops-1", [15 * kib])]);
const opsV2 = indexOf([base, plainImage("ops-1", [15 * kib]), plainImage("ops-2", [10 * kib])]);

/** 000001-tools.tar, 000002-ops.tar, 000003-my-tools.v1.tar.zst, 000004-ops.tar: the last one lacks what the second has. */
let made: string;
const archives = ["000001-tools.tar", "000002-ops.tar", "000003-my-tools.v1.tar.zst", "000004-ops.tar"];
let world: World;

beforeAll(async () => {
  world = await openWorld();
  await pushArtifact(world.low.origin, "tools", tools, "v1");
  await pushArtifact(world.low.origin, "ops", opsV1, "v1");
  await pushArtifact(world.low.origin, "ops", opsV2, "v2");
  made = world.dir.file("made");
  const list = world.dir.file("batch.csv");
  const batch = async (rows: string, ...flags: string[]) => {
    await Bun.write(list, `name,artifact\n${rows}`);
    const result = await world.run(["mirror", "batch-serialize", list, made, ...flags]);
    expect({ code: result.code, stderr: result.stderr }).toMatchObject({ code: 0 });
  };
  await batch("tools,low.test/tools:v1\nops,low.test/ops:v1\n");
  await batch("my-tools.v1,low.test/tools:v1\n", "--compression", "zstd");
  await batch("ops,low.test/ops:v2\n");
});
afterAll(() => world[Symbol.asyncDispose]());

/** A copy of the directory, and a repository of its own. */
async function open() {
  world.highProxy.setRules([]);
  const dir = await tempDir();
  const sync = dir.file("sync");
  await cp(made, sync, { recursive: true });
  const repository = `sync/${crypto.randomUUID()}`;
  const destination = `high.test/${repository}`;
  const args = ["mirror", "batch-deserialize", sync, destination];
  return {
    sync,
    repository,
    destination,
    args,
    dir,
    run: (...flags: string[]) => world.run([...args, ...flags]),
    records: (name = "successful_syncs.csv") => readFile(join(sync, name), "utf8"),
    tagged: async (name: string) => (await walkImage(world.high.origin, repository, name)).root.digest,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

const fileColumn = (text: string) =>
  text
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",")[0] ?? "");

/** Turns a byte near the end of the first layer over. */
async function damage(path: string, digest: string): Promise<void> {
  const bytes = await readFile(path);
  const at = bytes.indexOf(`blobs/${digest.replace(":", "/")}`) + 512 + 100;
  bytes[at]! ^= 0xff;
  await writeFile(path, bytes);
}

test("everything goes in by number, whole, under the names; a second run does nothing", async () => {
  await using batch = await open();
  const { code, stderr } = await batch.run();
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(await batch.tagged("tools")).toBe(tools.root.digest);
  expect(await batch.tagged("my-tools.v1")).toBe(tools.root.digest);
  expect(await batch.tagged("ops")).toBe(opsV2.root.digest);
  const lines = (await batch.records()).trim().split("\n");
  expect(lines[0]).toBe("filename,artifact,timestamp");
  expect(lines.slice(1).map((line) => line.split(",").slice(0, 2))).toEqual(
    archives.map((file) => [file, `${batch.destination}:${/-(.*)\.tar/.exec(file)?.[1]}`]),
  );
  for (const line of lines.slice(1))
    expect(line.split(",")[2]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \+0000 UTC$/);
  const before = await batch.records();
  const pushed = world.highProxy.requests.length;
  const again = await batch.run();
  expect(again).toMatchObject({ code: 0 });
  expect(again.stderr).toContain("4 of 4 archives were done before");
  expect(await batch.records()).toBe(before);
  expect(world.highProxy.requests.slice(pushed).map(({ method }) => method)).not.toContain("PUT");
});

test("strays are left alone and told; what is recorded and not here is told", async () => {
  await using batch = await open();
  for (const name of ["README", "20261122-backup.tar", ".000009-x.tar.unfinished", "ops.tar"])
    await writeFile(join(batch.sync, name), "no archive");
  await mkdir(join(batch.sync, "000008-directory.tar"));
  await rm(join(batch.sync, "000003-my-tools.v1.tar.zst"));
  const { code, stderr } = await batch.run();
  expect(code).toBe(0);
  expect(stderr).toContain(
    ".000009-x.tar.unfinished, 000008-directory.tar, 20261122-backup.tar, README, ops.tar",
  );
  expect(stderr).toMatch(/neither here nor done: 000003-my-tools\.v1\.tar\.zst/);
});

test("one that is damaged stops no other; what depends on it says what is missing; mended, all goes in", async () => {
  await using batch = await open();
  const layer = plainImage("ops-1", [15 * kib]).blobs[1]!.descriptor.digest;
  await damage(join(batch.sync, "000002-ops.tar"), layer);
  const first = await batch.run();
  expect(first.code).toBe(1);
  expect(first.stderr).toContain("Cannot batch-deserialize 2 of 4 archives");
  expect(first.stderr).toMatch(/000002-ops\.tar: Cannot /);
  expect(first.stderr).toMatch(/000004-ops\.tar: Cannot finish/);
  expect(first.stderr).toContain(`blob ${layer}`);
  expect(fileColumn(await batch.records())).toEqual([archives[0]!, archives[2]!]);
  await copyFile(join(made, "000002-ops.tar"), join(batch.sync, "000002-ops.tar"));
  const second = await batch.run();
  expect(second).toMatchObject({ code: 0 });
  expect(await batch.tagged("ops")).toBe(opsV2.root.digest);
  expect(fileColumn(await batch.records()).sort()).toEqual(archives);
});

test("an archive that comes after a newer one of its name brings its blobs, and the tag stays", async () => {
  await using batch = await open();
  const aside = batch.dir.file("aside.tar");
  await rename(join(batch.sync, "000002-ops.tar"), aside);
  // The destination has what 000004 lacks from elsewhere.
  await pushArtifact(world.high.origin, batch.repository, opsV1);
  expect(await batch.run()).toMatchObject({ code: 0 });
  await rename(aside, join(batch.sync, "000002-ops.tar"));
  const late = await batch.run();
  expect(late).toMatchObject({ code: 0 });
  expect(late.stderr).toContain("000002-ops.tar is older than");
  expect(await batch.tagged("ops")).toBe(opsV2.root.digest);
  expect(fileColumn(await batch.records()).at(-1)).toBe("000002-ops.tar");
});

test("kill -9 in the middle: the next run goes on behind what is recorded", async () => {
  await using batch = await open();
  const last = plainImage("ops-2", [10 * kib]).blobs[1]!.descriptor.digest;
  world.highProxy.setRules([
    { path: new RegExp(`digest=${encodeURIComponent(last)}|${last}`), silence: true },
  ]);
  const run = start(world, batch.args);
  await until(
    "three archives are recorded",
    async () => fileColumn(await batch.records().catch(() => "")).length === 3,
  );
  await run.stop("SIGKILL");
  world.highProxy.setRules([]);
  expect(await batch.run()).toMatchObject({ code: 0 });
  expect(fileColumn(await batch.records())).toEqual(archives);
  expect(await batch.tagged("ops")).toBe(opsV2.root.digest);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s stops within two seconds, and the records are true", async (signal, code) => {
  await using batch = await open();
  world.highProxy.setRules([{ path: /manifests\/ops$/, silence: true }]);
  const run = start(world, batch.args);
  await until(
    "the first archive is recorded",
    async () => fileColumn(await batch.records().catch(() => "")).length === 1,
  );
  const ended = await run.stop(signal);
  expect(ended).toMatchObject({ code, left: [] });
  expect(ended.ms).toBeLessThan(2000);
  expect(fileColumn(await batch.records())).toEqual([archives[0]!]);
  expect((await readdir(batch.sync)).filter((name) => name.includes("lock"))).toEqual([]);
});

test("of two runs the second says who is at work, and stops", async () => {
  await using batch = await open();
  world.highProxy.setRules([{ path: /manifests\/tools$/, silence: true }]);
  const since = world.highProxy.requests.length;
  const first = start(world, batch.args);
  await until("the first is at work", () => world.highProxy.requests.length > since);
  const second = await batch.run();
  expect(second.code).toBe(3);
  expect(second.stderr).toContain(`process ${first.child.pid} on `);
  await first.stop("SIGKILL");
});

test("the original's file name counts too, and ours is written", async () => {
  await using batch = await open();
  const done = `filename,artifact,timestamp\n000001-tools.tar,${batch.destination}:tools,2024-08-15 16:03:34.875740174 -0400 EDT m=+0.096890310\n`;
  await writeFile(join(batch.sync, "successful-syncs.csv"), done);
  const { code, stderr } = await batch.run();
  expect(code).toBe(0);
  // The original never tagged what it says is done.
  expect(stderr).toContain(`${batch.destination}:tools is not there, though 000001-tools.tar is recorded`);
  expect(fileColumn(await batch.records())).toEqual(archives.slice(1));
  expect(await batch.records("successful-syncs.csv")).toBe(done);
  await rm(join(batch.sync, "successful_syncs.csv"));
  const named = await batch.run("--sync-filename", "successful-syncs.csv");
  expect(named).toMatchObject({ code: 0 });
  expect(fileColumn(await batch.records("successful-syncs.csv"))).toEqual(archives);
});

test("rows of two columns, as the guide shows them, count; a torn one is taken out", async () => {
  await using batch = await open();
  const rows = "filename,artifact,timestamp\n000001-tools.tar,2024-08-15 16:03:34 -0400 EDT\n000002-ops.t";
  await writeFile(join(batch.sync, "successful_syncs.csv"), rows);
  const { code, stderr } = await batch.run();
  expect(code).toBe(0);
  expect(stderr).toContain("took out 000002-ops.t");
  expect(fileColumn(await batch.records())).toEqual(archives);
});

test("done for another destination is told, not done again", async () => {
  await using batch = await open();
  await batch.run();
  const other = await world.run(["mirror", "batch-deserialize", batch.sync, "high.test/elsewhere"]);
  expect(other.code).toBe(0);
  expect(other.stderr).toContain(`000001-tools.tar went to ${batch.destination}:tools`);
});

test("a destination with a tag is refused", async () => {
  await using batch = await open();
  const { code, stderr } = await world.run([...batch.args.slice(0, 3), "high.test/sync:tag"]);
  expect(code).toBe(2);
  expect(stderr).toContain("it has a tag");
});

describe("a directory that cannot be written", () => {
  // Root may write whatever its mode is, so the test drops to a user without rights.
  const readOnly = async (directory: string, args: readonly string[]) => {
    await chmod(directory, 0o555);
    const asNobody = process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--clear-groups", "--"] : [];
    return await runBinary([...args, "--config", world.config], { wrapper: asNobody });
  };

  test("is told before anything is pushed, with what to do", async () => {
    await using batch = await open();
    await chmod(batch.dir.path, 0o755);
    await chmod(world.dir.path, 0o755);
    const since = world.highProxy.requests.length;
    const { code, stderr } = await readOnly(batch.sync, batch.args);
    expect(code).toBe(7);
    expect(stderr).toContain("permission denied");
    expect(stderr).toContain("--sync-filename with an absolute path");
    expect(world.highProxy.requests.length).toBe(since);
  });

  test("serves with the records elsewhere", async () => {
    await using batch = await open();
    await using writable = await tempDir();
    await chmod(writable.path, 0o777);
    await chmod(batch.dir.path, 0o755);
    await chmod(world.dir.path, 0o755);
    const records = writable.file("successful_syncs.csv");
    const { code, stderr } = await readOnly(batch.sync, [...batch.args, "--sync-filename", records]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(fileColumn(await readFile(records, "utf8"))).toEqual(archives);
    expect((await readdir(writable.path)).sort()).toEqual(["successful_syncs.csv"]);
  });
});

for (const kind of [dockerRegistry, embeddedRegistry]) {
  testNeeding([kind.need], `the original's directory goes into ${kind.name}`, async () => {
    await using registry = await kind.start();
    await using dir = await tempDir();
    const config = await writeConfig(dir.file("config.yaml"), { "localhost:5300": registry.origin });
    const sync = dir.file("sync");
    await cp(originalFile("batch"), sync, { recursive: true });
    const args = ["mirror", "batch-deserialize", sync, "localhost:5300/low/out", "--config", config];
    const skipped = await runOk(args);
    expect(skipped.stderr).toContain("2 of 2 archives were done before");
    expect(skipped.stderr).toContain("localhost:5300/low/out:ops is not there");
    for (const name of ["successful-syncs.csv", "successful_syncs.csv"]) await rm(join(sync, name));
    await runOk(args);
    for (const [name, file] of [
      ["tools", "batch/000001-tools.tar"],
      ["ops", "batch/000002-ops.tar"],
    ] as const) {
      const { gathered } = await readOriginal(file);
      const tagged = await fetchManifest(registry.origin, "low/out", name);
      expect(tagged.descriptor.digest).toBe(gathered.root.digest);
      const walked = await walkImage(registry.origin, "low/out", name);
      expect(walked.digests.size).toBe(gathered.manifests.length + gathered.blobs.length);
    }
  });
}
