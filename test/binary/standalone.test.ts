/** The binary where it was not built: no sources, no node_modules, no HOME, a read-only root, started from `/`. */
import { expect, test } from "bun:test";
import { chmod, copyFile, readdir } from "node:fs/promises";
import { jailNeed, jailWork, openJail, writesIn } from "../support/jail.ts";
import { program, testNeeding } from "../support/needs.ts";
import { walkImage } from "../support/push.ts";
import { startEmbedded } from "../support/registries.ts";
import { binaryPath, prepareBinary, runCommandLine, writeConfig } from "../support/run-binary.ts";
import { pushPlaced, sourcesList, standardImages } from "../support/standard-images.ts";
import { tempDir } from "../support/temp-dir.ts";

test("the binary holds no path of the machine that built it", async () => {
  await prepareBinary();
  const bytes = Buffer.from(await Bun.file(binaryPath()).bytes());
  for (const path of [process.cwd(), `${process.cwd()}/node_modules`]) {
    expect(bytes.indexOf(`${path}/`)).toBe(-1);
  }
});

test("version and --help work in an empty directory, with an empty environment", async () => {
  await prepareBinary();
  await using dir = await tempDir();
  await copyFile(binaryPath(), dir.file("ace-dt"));
  await chmod(dir.file("ace-dt"), 0o755);
  const run = (...args: string[]) => runCommandLine(["env", "-i", dir.file("ace-dt"), ...args]);
  const version = await run("version");
  expect(version.stderr).toBe("");
  expect(version.code).toBe(0);
  expect(version.stdout).toMatch(/\d+\.\d+\.\d+/);
  const help = await run("--help");
  expect(help.code).toBe(0);
  expect(help.stdout).toContain("mirror");
  expect(await readdir(dir.path)).toEqual(["ace-dt"]);
});

test("a .env and a bunfig.toml in the directory where it starts change nothing", async () => {
  await prepareBinary();
  await using dir = await tempDir();
  await Bun.write(dir.file("preload.ts"), 'console.log("preloaded");');
  await Bun.write(dir.file("bunfig.toml"), 'preload = ["./preload.ts"]\n');
  await Bun.write(dir.file(".env"), "ACE_DT_CONCURRENT_HTTP=nonsense\n");
  const config = await writeConfig(dir.file("config.yaml"), {});
  const result = await runCommandLine([binaryPath(), "config", "--config", config], { cwd: dir.path });
  expect(result.stderr).toBe("");
  expect(result.code).toBe(0);
  expect(result.stdout).not.toContain("preloaded");
});

testNeeding([jailNeed], "version and --help work on a read-only root without any other file", async () => {
  await using jail = await openJail();
  for (const args of [["version"], ["--help"], ["mirror", "gather", "--help"]]) {
    const { code, stdout, stderr } = await jail.run(...args);
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
    expect(stdout).not.toBe("");
  }
});

testNeeding([jailNeed, program("strace")], "version tries to write nowhere", async () => {
  await using jail = await openJail();
  const { code, writes } = await jail.runTraced("version");
  expect(code).toBe(0);
  expect(writes).toEqual([]);
});

testNeeding(
  [jailNeed, program("strace")],
  "gather, serialize and deserialize work there, threads included, and write only what they are told to",
  async () => {
    await using low = await startEmbedded();
    await using high = await startEmbedded();
    await using jail = await openJail();
    const placed = standardImages();
    await pushPlaced(low.origin, placed);
    await Bun.write(jail.work.file("sources.list"), sourcesList("reg.example.com", placed));
    await writeConfig(jail.work.file("config.yaml"), {
      "reg.example.com": low.origin,
      "reg.high.example.com": high.origin,
    });
    const config = ["--config", `${jailWork}/config.yaml`];
    const runs = [
      ["mirror", "gather", `${jailWork}/sources.list`, "reg.example.com/gather:sync-1", "-r", ...config],
      ["mirror", "serialize", "reg.example.com/gather:sync-1", `${jailWork}/sync-1.tar`, "-r", ...config],
      ["mirror", "deserialize", `${jailWork}/sync-1.tar`, "reg.high.example.com/scatter:sync-1", ...config],
    ];
    for (const args of runs) {
      const { code, stderr, writes } = await jail.runTraced(...args);
      expect({ args, code, stderr: code === 0 ? "" : stderr }).toEqual({ args, code: 0, stderr: "" });
      expect({ args, writes }).toEqual({ args, writes: [] });
    }
    const left = (await readdir(jail.work.path)).filter((name) => !name.startsWith("strace-"));
    expect(left.sort()).toEqual(["config.yaml", "sources.list", "sync-1.tar"]);
    const sent = await walkImage(low.origin, "gather", "sync-1");
    const arrived = await walkImage(high.origin, "scatter", "sync-1");
    expect(arrived.root).toEqual(sent.root);
    expect(arrived.digests).toEqual(sent.digests);
  },
  120_000,
);

test("writesIn() finds what writes, and leaves out reads, /dev and the writable directory", () => {
  const log = [
    '12 openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3',
    '12 openat(AT_FDCWD, "/tmp/x", O_WRONLY|O_CREAT, 0666) = -1 EROFS (Read-only file system)',
    '12 openat(AT_FDCWD, "/work/a.tar", O_WRONLY|O_CREAT, 0666) = 3',
    '12 openat(AT_FDCWD, "/dev/null", O_RDWR) = 3',
    '12 mkdir("/root", 0777) = -1 EROFS',
  ].join("\n");
  expect(writesIn(log).map((line) => /"(.*)"/.exec(line)?.[1])).toEqual(["/tmp/x", "/root"]);
});
