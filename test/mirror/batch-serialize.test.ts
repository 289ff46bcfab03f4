/** `mirror batch-serialize` through the binary: numbers, records, what is left out, failures, kills, and the original's directory. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFile, copyFile, mkdir, readdir, readFile, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { start, until } from "../faults/running.ts";
import { openWorld, plainImage, type World } from "../faults/world.ts";
import { type Artifact, indexOf } from "../support/images.ts";
import { root, testNeeding } from "../support/needs.ts";
import { originalFile, readOriginal, tarEntries } from "../support/original.ts";
import { pushArtifact } from "../support/push.ts";
import { type RunOptions, runBinary, writeConfig } from "../support/run-binary.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

setDefaultTimeout(60_000);

const kib = 1024;
const base = plainImage("base", [40 * kib, 3 * kib]);
const toolsV1 = indexOf([base, plainImage("tool", [20 * kib])]);
const opsV1 = indexOf([base]);
const opsV2 = indexOf([base, plainImage("ops", [10 * kib])]);
const cicd = plainImage("cicd", [30 * kib]);

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await pushArtifact(world.low.origin, "dev-tools", toolsV1, "v3.0.6");
  await pushArtifact(world.low.origin, "ops", opsV1, "v0.2.5");
  await pushArtifact(world.low.origin, "ops", opsV2, "v0.2.6");
  await pushArtifact(world.low.origin, "cicd", cicd, "v8.1");
});
afterAll(() => world[Symbol.asyncDispose]());

/** A directory for one story: its list, and `sync` in it. */
class Batch implements AsyncDisposable {
  readonly list: string;
  readonly sync: string;

  private constructor(readonly dir: TempDir) {
    this.list = dir.file("batch.csv");
    this.sync = dir.file("sync");
  }

  static async open(...rows: string[]): Promise<Batch> {
    world.lowProxy.setRules([]);
    const batch = new Batch(await tempDir());
    await batch.write(...rows);
    return batch;
  }

  async write(...rows: string[]): Promise<void> {
    await Bun.write(this.list, `name, artifact\n${rows.join("\n")}\n`);
  }

  get args(): string[] {
    return ["mirror", "batch-serialize", this.list, this.sync];
  }

  serialize(flags: readonly string[] = [], options?: RunOptions) {
    return world.run([...this.args, ...flags], options);
  }

  async serializeOk(flags: readonly string[] = []): Promise<string> {
    const { code, stderr } = await this.serialize(flags);
    if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`);
    return stderr;
  }

  files(): Promise<string[]> {
    return readdir(this.sync).then((names) => names.sort());
  }

  records(name = "record-keeping.csv"): Promise<string> {
    return readFile(join(this.sync, name), "utf8");
  }

  /** Blobs and manifests in an archive, without `sha256:`. */
  async blobs(file: string): Promise<string[]> {
    const entries = await tarEntries(join(this.sync, file));
    return [...entries.keys()].flatMap((name) => name.match(/^blobs\/sha256\/(.*)$/)?.[1] ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dir[Symbol.asyncDispose]();
  }
}

const hexOf = (digest: string) => digest.replace("sha256:", "");
const hexes = (artifact: Artifact) =>
  [...artifact.manifests, ...artifact.blobs].map(({ descriptor }) => hexOf(descriptor.digest));

test("the guide's story: three artifacts, then a newer one of which only what is new is written", async () => {
  await using batch = await Batch.open(
    "tools,low.test/dev-tools:v3.0.6",
    "ops,low.test/ops:v0.2.5",
    "cicd,low.test/cicd:v8.1",
  );
  await batch.serializeOk();
  expect(await batch.files()).toEqual([
    "000001-tools.tar",
    "000002-ops.tar",
    "000003-cicd.tar",
    "record-keeping.csv",
  ]);
  await batch.write("tools,low.test/dev-tools:v3.0.6", "ops,low.test/ops:v0.2.6", "cicd,low.test/cicd:v8.1");
  const said = await batch.serializeOk();
  expect(said).toContain("2 of 3 artifacts are in the directory already");
  expect(await batch.records()).toBe(`sync_name,artifact,digest
000001-tools.tar,low.test/dev-tools:v3.0.6,${toolsV1.root.digest}
000002-ops.tar,low.test/ops:v0.2.5,${opsV1.root.digest}
000003-cicd.tar,low.test/cicd:v8.1,${cicd.root.digest}
000004-ops.tar,low.test/ops:v0.2.6,${opsV2.root.digest}
`);
  const earlier = new Set(opsV1.blobs.map(({ descriptor }) => hexOf(descriptor.digest)));
  const wanted = hexes(opsV2).filter((hex) => !earlier.has(hex));
  expect((await batch.blobs("000004-ops.tar")).sort()).toEqual(wanted.sort());
});

test("each archive says the tag of its artifact, and single images are named for docker load", async () => {
  await using batch = await Batch.open("cicd,low.test/cicd:v8.1");
  await batch.serializeOk(["--manifest-json"]);
  const entries = await tarEntries(join(batch.sync, "000001-cicd.tar"));
  expect(Buffer.from(entries.get("index.json")![0]!).toString()).toContain(
    '"org.opencontainers.image.ref.name": "v8.1"',
  );
  expect(JSON.parse(Buffer.from(entries.get("manifest.json")![0]!).toString())[0].RepoTags).toEqual([
    "low.test/cicd:v8.1",
  ]);
});

test("a tag that moved makes a new archive, and one that moved back another, of manifests only", async () => {
  await using batch = await Batch.open("ops,low.test/moving:latest");
  await pushArtifact(world.low.origin, "moving", opsV1, "latest");
  await batch.serializeOk();
  await pushArtifact(world.low.origin, "moving", opsV2, "latest");
  await batch.serializeOk();
  await pushArtifact(world.low.origin, "moving", opsV1, "latest");
  await batch.serializeOk();
  await batch.serializeOk();
  expect((await batch.files()).filter((file) => file.endsWith(".tar"))).toHaveLength(3);
  const manifests = opsV1.manifests.map(({ descriptor }) => hexOf(descriptor.digest));
  expect((await batch.blobs("000003-ops.tar")).sort()).toEqual(manifests.sort());
});

test("names with dashes and dots, two artifacts that point at the same, a repeated name whose last row wins", async () => {
  await using batch = await Batch.open(
    "my-tools.tar,low.test/ops:v0.2.5",
    "# a comment, and no row",
    "v1.2-rc.1,low.test/dev-tools:v3.0.6",
    "my-tools.tar,low.test/cicd:v8.1",
    "same, low.test/cicd:v8.1",
  );
  const said = await batch.serializeOk(["--compression", "gzip"]);
  expect(said).toContain("line 2 (low.test/ops:v0.2.5) does not count");
  const files = ["000001-v1.2-rc.1.tar.gz", "000002-my-tools.tar.tar.gz", "000003-same.tar.gz"];
  expect((await batch.files()).slice(0, 3)).toEqual(files);
  expect(await batch.serializeOk()).toContain("3 of 3 artifacts are");
  await pushArtifact(world.low.origin, "cicd-2", indexOf([cicd]), "v9");
  await batch.write("my-tools.tar,low.test/cicd-2:v9");
  await batch.serializeOk();
  expect(await batch.blobs("000004-my-tools.tar.tar")).toHaveLength(2);
});

test("an artifact that fails stops no other, its number goes to none of them, and the next run makes it", async () => {
  await using batch = await Batch.open(
    "tools,low.test/dev-tools:v3.0.6",
    "gone,low.test/gone:v1",
    "ops,low.test/ops:v0.2.5",
    "cicd,low.test/cicd:v8.1",
  );
  const layer = hexOf(opsV1.blobs[1]!.descriptor.digest);
  world.lowProxy.setRules([{ path: new RegExp(`/ops/blobs/.*${layer}`), answer: { status: 404 } }]);
  const { code, stderr } = await batch.serialize();
  expect(code).toBe(1);
  expect(stderr).toContain("Cannot batch-serialize 2 of 4 artifacts");
  expect(stderr).toMatch(/gone \(low\.test\/gone:v1\): Cannot .*\n/);
  expect(stderr).toMatch(/ops \(low\.test\/ops:v0\.2\.5\): Cannot .*\n/);
  expect(await batch.files()).toEqual(["000001-tools.tar", "000003-cicd.tar", "record-keeping.csv"]);
  world.lowProxy.setRules([]);
  await pushArtifact(world.low.origin, "gone", cicd, "v1");
  await batch.serializeOk();
  const made = ["000001-tools.tar", "000003-cicd.tar", "000004-gone.tar", "000005-ops.tar"];
  expect(await batch.files()).toEqual([...made, "record-keeping.csv"]);
});

test("numbers go on behind the highest of files, records and what a killed run left", async () => {
  await using batch = await Batch.open("cicd,low.test/cicd:v8.1");
  await mkdir(batch.sync);
  for (const stray of ["000007-other.tar", ".000011-x.tar.unfinished", "20261122-backup.tar", "notes.txt"])
    await Bun.write(join(batch.sync, stray), "x");
  const said = await batch.serializeOk();
  expect(said).toContain("000007-other.tar");
  const files = [".000011-x.tar.unfinished", "000007-other.tar", "000012-cicd.tar", "20261122-backup.tar"];
  expect(await batch.files()).toEqual([...files, "notes.txt", "record-keeping.csv"]);
  expect(said).toContain("begun by an earlier run, and not wanted now: .000011-x.tar.unfinished");
  await batch.write("cicd,low.test/ops:v0.2.5");
  await rm(join(batch.sync, "000012-cicd.tar"));
  await batch.serializeOk();
  expect(await batch.files()).toContain("000013-cicd.tar");
});

test("what the registry has thrown away since is said, and goes over again", async () => {
  await using batch = await Batch.open("ops,low.test/pruned:v1");
  const first = indexOf([base, plainImage("pruned", [5 * kib])]);
  await pushArtifact(world.low.origin, "pruned", first, "v1");
  await pushArtifact(world.low.origin, "pruned", opsV2, "v2");
  await batch.serializeOk();
  await world.low.send("DELETE", `/v2/pruned/manifests/${first.root.digest}`);
  await batch.write("ops,low.test/pruned:v2");
  expect(await batch.serializeOk()).toMatch(/what 000001-ops\.tar brought over is serialized again/);
  expect((await batch.blobs("000002-ops.tar")).sort()).toEqual(hexes(opsV2).sort());
});

/** Begins an archive of two layers, of which the second never comes, and waits until the first is in the file. */
async function beginStuck(batch: Batch, ...flags: string[]) {
  world.lowProxy.setRules([{ path: new RegExp(`/ops/blobs/.*${lastLayer}`), stallAfter: 10 }]);
  const run = start(world, [...batch.args, "-b", "512", ...flags]);
  await until("the first layer of the second archive is in its file", async () => {
    const facts = await stat(join(batch.sync, unfinished)).catch(() => ({ size: 0 }));
    return facts.size > 44 * kib;
  });
  return run;
}

const unfinished = ".000002-ops.tar.unfinished";
/** The config and the first layer of `base` are 40 KiB and more; this one of 3 KiB comes last. */
const lastLayer = hexOf(base.blobs[2]!.descriptor.digest);

describe.each([
  ["SIGKILL", 137],
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s in the middle of an archive", (signal, code) => {
  test("leaves true records, and the next run goes on in what is there", async () => {
    await using batch = await Batch.open("tools,low.test/dev-tools:v3.0.6", "ops,low.test/ops:v0.2.5");
    const run = await beginStuck(batch);
    const ended = await run.stop(signal);
    expect(ended).toMatchObject({ code, left: [] });
    expect(ended.ms).toBeLessThan(2000);
    const left = (await batch.files()).filter((file) => !file.endsWith(".lock"));
    expect(left).toEqual([unfinished, "000001-tools.tar", "record-keeping.csv"]);
    expect((await batch.records()).split("\n")).toHaveLength(3);
    world.lowProxy.setRules([]);
    const since = world.lowProxy.requests.length;
    await batch.write("cicd,low.test/cicd:v8.1", "ops,low.test/ops:v0.2.5");
    expect(await batch.serializeOk()).toMatch(/000002-ops\.tar: .*went on in .* at byte \d{5}/);
    const first = hexOf(base.blobs[1]!.descriptor.digest);
    const asked = world.lowProxy.requests.slice(since).map(({ path }) => path);
    expect(asked.filter((path) => path.includes(`/ops/blobs/sha256:${first}`))).toEqual([]);
    const made = ["000001-tools.tar", "000002-ops.tar", "000003-cicd.tar"];
    expect(await batch.files()).toEqual([...made, "record-keeping.csv"]);
    await using whole = await Batch.open("ops,low.test/ops:v0.2.5");
    await whole.serializeOk();
    const [resumed, direct] = [batch.sync, whole.sync].map((sync, at) =>
      readFile(join(sync, at === 0 ? "000002-ops.tar" : "000001-ops.tar")),
    );
    expect((await resumed!).equals(await direct!)).toBe(true);
  });
});

test("what was begun is thrown away when the tag has moved since, and its number is given to no other", async () => {
  await using batch = await Batch.open("tools,low.test/dev-tools:v3.0.6", "ops,low.test/ops:v0.2.5");
  const run = await beginStuck(batch);
  await run.stop("SIGTERM");
  world.lowProxy.setRules([]);
  await batch.write("tools,low.test/dev-tools:v3.0.6", "ops,low.test/ops:v0.2.6");
  expect(await batch.serializeOk()).toMatch(
    /000002-ops\.tar is begun anew, under another number: Cannot resume/,
  );
  expect(await batch.files()).toEqual(["000001-tools.tar", "000003-ops.tar", "record-keeping.csv"]);
  expect((await batch.blobs("000003-ops.tar")).sort()).toEqual(hexes(opsV2).sort());
});

test("of two runs on one directory the second says who is at work, and stops", async () => {
  await using batch = await Batch.open("ops,low.test/ops:v0.2.5");
  world.lowProxy.setRules([{ path: /\/ops\/manifests\//, silence: true }]);
  const since = world.lowProxy.requests.length;
  const first = start(world, batch.args);
  await until("the first asks", () => world.lowProxy.requests.length > since);
  const second = await batch.serialize();
  expect(second.code).toBe(3);
  expect(second.stderr).toContain(`process ${first.child.pid} on `);
  expect(second.stderr).toContain("is at work there");
  await first.stop("SIGKILL");
  world.lowProxy.setRules([]);
  await batch.serializeOk();
  expect(await batch.files()).toEqual(["000001-ops.tar", "record-keeping.csv"]);
});

test("a torn last line is taken out and told; a line that lacks only its break is kept", async () => {
  await using batch = await Batch.open("ops,low.test/ops:v0.2.5", "cicd,low.test/cicd:v8.1");
  await mkdir(batch.sync);
  const tracker = join(batch.sync, "record-keeping.csv");
  await Bun.write(tracker, "sync_name, artifact, digest\n000007-cicd.tar, low.test/cicd:v8.1, sha256:0123");
  const said = await batch.serializeOk();
  expect(said).toContain("000007-cicd.tar, low.test/cicd:v8.1, sha256:0123");
  const lines = (await batch.records()).split("\n");
  expect(lines.slice(1, 3)).toEqual([
    `000008-ops.tar,low.test/ops:v0.2.5,${opsV1.root.digest}`,
    `000009-cicd.tar,low.test/cicd:v8.1,${cicd.root.digest}`,
  ]);
  await Bun.write(tracker, lines.slice(0, 3).join("\n"));
  await batch.write("ops,low.test/ops:v0.2.6", "cicd,low.test/cicd:v8.1");
  await batch.serializeOk();
  expect((await batch.records()).split("\n").slice(0, 4)).toEqual([
    ...lines.slice(0, 3),
    `000010-ops.tar,low.test/ops:v0.2.6,${opsV2.root.digest}`,
  ]);
});

test("records that make no sense are told with their lines, and nothing is written", async () => {
  await using batch = await Batch.open("ops,low.test/ops:v0.2.5");
  await mkdir(batch.sync);
  await Bun.write(
    join(batch.sync, "record-keeping.csv"),
    `sync_name,artifact,digest\nops.tar,low.test/ops:v1,${cicd.root.digest}\n000002-ops.tar,low.test/ops:v1,sha256:12\n`,
  );
  const { code, stderr } = await batch.serialize();
  expect(code).toBe(3);
  expect(stderr).toContain('record-keeping.csv:2: "ops.tar" is no NNNNNN-NAME.tar');
  expect(stderr).toContain('record-keeping.csv:3: "sha256:12" is no digest');
  expect(await batch.files()).toEqual(["record-keeping.csv"]);
});

test("a full disk fails the archive that does not fit, leaves nothing of it, and the smaller one is made", async () => {
  await using batch = await Batch.open("tools,low.test/dev-tools:v3.0.6", "tiny,low.test/tiny:v1");
  await pushArtifact(world.low.origin, "tiny", plainImage("tiny", [100]), "v1");
  // A file may grow to 30 blocks of 1 KiB (POSIX ulimit -f counts 512 bytes).
  const wrapper = ["sh", "-c", 'trap "" XFSZ; ulimit -f 60; exec "$@"', "sh"];
  const { code, stderr } = await batch.serialize([], { wrapper });
  expect({ code, stderr }).toMatchObject({ code: 1 });
  expect(stderr).toContain("tools (low.test/dev-tools:v3.0.6): Cannot write");
  expect(await batch.files()).toEqual(["000002-tiny.tar", "record-keeping.csv"]);
});

test("a record for which there is no room ends the run, and tells its line; nothing of it stays", async () => {
  await using batch = await Batch.open("tiny,low.test/tiny:v1", "cicd,low.test/cicd:v8.1");
  await pushArtifact(world.low.origin, "tiny", plainImage("tiny", [100]), "v1");
  await mkdir(batch.sync);
  const before = `${"sync_name,artifact,digest\n#".padEnd(30 * kib - 20, "-")}\n`;
  await Bun.write(join(batch.sync, "record-keeping.csv"), before);
  const wrapper = ["sh", "-c", 'trap "" XFSZ; ulimit -f 60; exec "$@"', "sh"];
  const { code, stderr } = await batch.serialize([], { wrapper });
  expect({ code, stderr }).toMatchObject({ code: 7 });
  expect(stderr).toContain(
    "000001-tiny.tar is whole but not recorded; its line is 000001-tiny.tar,low.test/tiny:v1,",
  );
  expect(stderr).toContain("Cannot keep records in");
  expect(await batch.files()).toEqual(["000001-tiny.tar", "record-keeping.csv"]);
  expect(await batch.records()).toBe(before);
});

testNeeding([root], "a directory that cannot be written is told before anything is asked for", async () => {
  await using batch = await Batch.open("ops,low.test/ops:v0.2.5");
  const since = world.lowProxy.requests.length;
  await symlink("/proc", batch.sync);
  const { code, stderr } = await batch.serialize();
  expect(code).toBe(7);
  expect(stderr).toContain("Cannot batch-serialize");
  expect(world.lowProxy.requests.length).toBe(since);
});

test("the records may be elsewhere, and have another name", async () => {
  await using batch = await Batch.open("ops,low.test/ops:v0.2.5");
  const tracker = batch.dir.file("mine.csv");
  await batch.serializeOk(["--tracker-filename", tracker]);
  expect(await batch.files()).toEqual(["000001-ops.tar"]);
  expect(await Bun.file(tracker).text()).toContain("000001-ops.tar,low.test/ops:v0.2.5");
  await batch.serializeOk(["--tracker-filename", "other.csv"]);
  expect(await batch.files()).toEqual(["000001-ops.tar", "000002-ops.tar", "other.csv"]);
});

test("a bad list is told with all its lines", async () => {
  await using batch = await Batch.open("my tools,low.test/a:v1", "ops", "x,ubuntu");
  const { code, stderr } = await batch.serialize();
  expect(code).toBe(3);
  for (const place of ["batch.csv:2: ", "batch.csv:3: ", "batch.csv:4: "]) expect(stderr).toContain(place);
});

test("what the original has done is not done again; its directory goes on with our number", async () => {
  await using batch = await Batch.open();
  const config = await writeConfig(batch.dir.file("config.yaml"), { "localhost:5300": world.low.origin });
  const [first, second] = await Promise.all([
    readOriginal("batch/000001-tools.tar"),
    readOriginal("batch/000002-ops.tar"),
  ]);
  await pushArtifact(world.low.origin, "low/all", first.gathered, "sync-1");
  await pushArtifact(world.low.origin, "low/all", second.gathered, "sync-2");
  await mkdir(batch.sync);
  for (const name of await readdir(originalFile("batch")))
    await copyFile(originalFile(join("batch", name)), join(batch.sync, name));
  const run = (list: string) =>
    runBinary(["mirror", "batch-serialize", list, batch.sync, "--config", config]);
  const before = await batch.records();
  const same = await run(originalFile("batch.csv"));
  expect(same).toMatchObject({ code: 0 });
  expect(same.stderr).toContain("2 of 2 artifacts are in the directory already");
  expect(await batch.records()).toBe(before);
  await batch.write("tools, localhost:5300/low/all:sync-2", "ops, localhost:5300/low/all:sync-2");
  const { code, stderr } = await run(batch.list);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(await batch.records()).toBe(
    `${before}000003-tools.tar,localhost:5300/low/all:sync-2,${second.gathered.root.digest}\n`,
  );
  // delta.tar is what the original makes of the same two artifacts.
  const delta = await tarEntries(originalFile("delta.tar"));
  const names = [...delta.keys()].flatMap((name) => name.match(/^blobs\/sha256\/(.*)$/)?.[1] ?? []);
  expect(await batch.blobs("000003-tools.tar")).toEqual(names);
});

test("a record of the original that lies open is appended to, not rewritten", async () => {
  await using batch = await Batch.open("ops,low.test/ops:v0.2.5");
  await batch.serializeOk();
  await appendFile(join(batch.sync, "record-keeping.csv"), "# my own note\n");
  await batch.write("ops,low.test/ops:v0.2.6");
  await batch.serializeOk();
  expect(await batch.records()).toContain("# my own note\n000002-ops.tar,");
});
