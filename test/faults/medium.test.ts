/** Media that are full, broken, gone or not what they seem, met by the compiled binary. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, readdir, stat } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { jailNeed } from "../support/jail.ts";
import { linux, program, root, testNeeding } from "../support/needs.ts";
import { binaryPath, type RunOptions, type RunResult, runCommandLine } from "../support/run-binary.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { checkLedger, walkTar } from "./archive-facts.ts";
import { start } from "./running.ts";
import { openWorld, pushPlain, type World } from "./world.ts";

/** Eight layers of 256 KiB: 2 MiB, which no medium below has room for. */
const layerBytes = 256 * 1024;
let world: World;
beforeAll(async () => {
  world = await openWorld();
  await pushPlain(
    world,
    "app",
    Array.from({ length: 8 }, () => layerBytes),
  );
});
afterAll(() => world[Symbol.asyncDispose]());

const image = "low.test/app:v1";

/** Serializes in blocks of 64 KiB, so that a fault comes after good blocks. */
const serialize = (
  destination: string,
  more: readonly string[] = [],
  options: RunOptions = {},
): Promise<RunResult> =>
  world.run(["mirror", "serialize", image, destination, "-b", "64Ki", ...more], options);

/** Compares what a failed run left and said with the truth. */
async function expectTruth(result: RunResult, medium: string, ledger: string): Promise<void> {
  const bytes = readFileSync(medium);
  expect(walkTar(bytes).hasEndMarker).toBe(false);
  const { lies, lines } = checkLedger(ledger, bytes);
  expect(lies).toEqual([]);
  const good = Number(/is good up to byte (\d+)/.exec(result.stderr)?.[1]);
  expect(good).toBeGreaterThan(0);
  expect(good).toBeLessThanOrEqual(bytes.length);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.at(-1)!.offset).toBeLessThanOrEqual(good);
  expect(result.stderr).toContain(`--existing-from-checkpoint ${ledger}:${good}`);
  const read = await world.run(["mirror", "deserialize", medium, "high.test/cut:1"]);
  expect(read).toMatchObject({ code: 6 });
  expect(read.stderr).toContain("incomplete");
  expect(await world.highHas("cut", "1")).toBe(false);
}

testNeeding(
  [linux],
  "/dev/full ends with 7 and the byte where it was full, and the ledger stays empty",
  async () => {
    await using dir = await tempDir();
    const { code, stderr } = await serialize("/dev/full", ["--checkpoint", dir.file("cp")]);
    expect({ code, stderr }).toMatchObject({ code: 7 });
    expect(stderr).toContain("Cannot write /dev/full: no space left on it at byte 0");
    expect(readFileSync(dir.file("cp"), "utf8")).toBe("");
  },
);

testNeeding(
  [jailNeed],
  "a full disk ends with 7 and the offset; ledger and file are true to each other",
  async () => {
    await using dir = await tempDir();
    await mkdir(dir.file("small"));
    const mount = `mount -t tmpfs -o size=1m tmpfs "$0" && { "$@"; code=$?; cp "$0/out.tar" "$0/../kept.tar"; exit $code; }`;
    const wrapper = ["unshare", "-m", "sh", "-c", `mount --make-rprivate / && ${mount}`, dir.file("small")];
    const result = await serialize(dir.file("small/out.tar"), ["--checkpoint", dir.file("cp")], { wrapper });
    expect(result).toMatchObject({ code: 7 });
    expect(result.stderr).toMatch(/Cannot write \S+out\.tar: no space left on it at byte \d+/);
    await expectTruth(result, dir.file("kept.tar"), dir.file("cp"));
  },
);

testNeeding([linux], "a standard output that is closed ends with 7 before anything is read", async () => {
  const wrapper = ["sh", "-c", 'exec "$0" "$@" >&-'];
  const { code, stderr } = await serialize("-", [], { wrapper });
  expect({ code, stderr }).toMatchObject({ code: 7 });
  expect(stderr).toContain("Cannot write standard output: it is closed");
});

testNeeding(
  [linux, program("python3")],
  "a standard output that is a terminal is not written to, and ends with 7",
  async () => {
    const run = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    const { code, stdout } = await serialize("-", [], { wrapper: ["python3", "-c", run] });
    expect({ code, stdout: String(stdout) }).toMatchObject({ code: 7 });
    expect(String(stdout)).toContain("Cannot write standard output: it is a terminal");
  },
);

testNeeding(
  [linux],
  "a limit on the size of files ends with 7 and the offset, not with a signal",
  async () => {
    await using dir = await tempDir();
    const wrapper = ["sh", "-c", 'ulimit -f 2048; exec "$0" "$@"'];
    const result = await serialize(dir.file("out.tar"), ["--checkpoint", dir.file("cp")], { wrapper });
    expect(result).toMatchObject({ code: 7, signal: undefined });
    expect(result.stderr).toMatch(/the file would be larger than the system allows at byte \d+/);
    await expectTruth(result, dir.file("out.tar"), dir.file("cp"));
  },
);

testNeeding([linux, program("strace")], "an I/O error in the middle ends with 7 and the offset", async () => {
  await using dir = await tempDir();
  // The file is made first: strace takes the path of what it watches only when it is there.
  await Bun.write(dir.file("out.tar"), "");
  const wrapper = [
    "strace",
    "-f",
    "-qq",
    "-o",
    "/dev/null",
    "-P",
    dir.file("out.tar"),
    "-e",
    "inject=write,pwrite64:error=EIO:when=11",
  ];
  const result = await serialize(dir.file("out.tar"), ["--checkpoint", dir.file("cp"), "--force"], {
    wrapper,
  });
  expect(result).toMatchObject({ code: 7 });
  expect(result.stderr).toContain(`input/output error at byte ${10 * 65536}`);
  await expectTruth(result, dir.file("out.tar"), dir.file("cp"));
});

testNeeding(
  [linux, program("strace")],
  "an I/O error while flushing ends with 7, and no ledger line is written",
  async () => {
    await using dir = await tempDir();
    await Bun.write(dir.file("out.tar"), "");
    const wrapper = [
      "strace",
      "-f",
      "-qq",
      "-o",
      "/dev/null",
      "-P",
      dir.file("out.tar"),
      "-e",
      "inject=fdatasync,fsync:error=EIO",
    ];
    const { code, stderr } = await serialize(
      dir.file("out.tar"),
      ["--checkpoint", dir.file("cp"), "--force"],
      { wrapper },
    );
    expect({ code, stderr }).toMatchObject({ code: 7 });
    expect(stderr).toContain("input/output error");
    expect(readFileSync(dir.file("cp"), "utf8")).toBe("");
  },
);

test("standard output into a reader that goes away ends with 7, and the run does not hang", async () => {
  const line = `"$0" "$@"; echo "rc=$?" >&2`;
  const command = ["sh", "-c", `{ ${line}; } | head -c 100000 > ${world.dir.file("head")}`, binaryPath()];
  const args = ["mirror", "serialize", image, "-", "-b", "64Ki", "--config", world.config];
  const { stderr } = await runCommandLine([...command, ...args]);
  expect(stderr).toContain("rc=7\n");
  expect(stderr).toContain("Cannot write standard output: nobody reads from the pipe any more at byte ");
  expect((await stat(world.dir.file("head"))).size).toBe(100_000);
});

testNeeding([program("mkfifo")], "a named pipe brings the same bytes as a file", async () => {
  await using dir = await tempDir();
  Bun.spawnSync(["mkfifo", dir.file("pipe")]);
  const reader = Bun.spawn(["cat", dir.file("pipe")], { stdout: Bun.file(dir.file("through")) });
  expect(await serialize(dir.file("pipe"))).toMatchObject({ code: 0 });
  await reader.exited;
  expect(await serialize(dir.file("out.tar"))).toMatchObject({ code: 0 });
  expect(readFileSync(dir.file("through")).equals(readFileSync(dir.file("out.tar")))).toBe(true);
  expect(walkTar(readFileSync(dir.file("out.tar"))).hasEndMarker).toBe(true);
});

testNeeding([program("mkfifo")], "a named pipe whose reader goes away ends with 7", async () => {
  await using dir = await tempDir();
  Bun.spawnSync(["mkfifo", dir.file("pipe")]);
  const reader = Bun.spawn(["head", "-c", "70000", dir.file("pipe")], { stdout: "ignore" });
  const { code, stderr } = await serialize(dir.file("pipe"));
  await reader.exited;
  expect({ code, stderr }).toMatchObject({ code: 7 });
  expect(stderr).toContain("nobody reads from the pipe any more");
});

test("a file that exists is refused with 7, untouched, before anything is fetched; --force replaces it", async () => {
  await using dir = await tempDir();
  await Bun.write(dir.file("out.tar"), "precious");
  const before = world.lowProxy.requests.length;
  const refused = await serialize(dir.file("out.tar"));
  expect(refused).toMatchObject({ code: 7 });
  expect(refused.stderr).toContain("the file exists already");
  expect(refused.stderr).toContain("--force");
  expect(readFileSync(dir.file("out.tar"), "utf8")).toBe("precious");
  expect(world.lowProxy.requests.length).toBe(before);
  expect(await serialize(dir.file("out.tar"), ["--force"])).toMatchObject({ code: 0 });
  expect(walkTar(readFileSync(dir.file("out.tar"))).hasEndMarker).toBe(true);
});

test("--force over a longer file leaves nothing of it behind the archive", async () => {
  await using dir = await tempDir();
  await Bun.write(dir.file("out.tar"), Buffer.alloc(4 * 1024 * 1024, 1));
  expect(await serialize(dir.file("out.tar"), ["--force"])).toMatchObject({ code: 0 });
  expect(
    await world.run(["mirror", "deserialize", "--dry-run", dir.file("out.tar"), "high.test/x:1"]),
  ).toMatchObject({ code: 0 });
});

test("--force that fails before it writes leaves the old file as it was", async () => {
  await using dir = await tempDir();
  await Bun.write(dir.file("out.tar"), "precious");
  const { code } = await world.run([
    "mirror",
    "serialize",
    "low.test/gone:v1",
    dir.file("out.tar"),
    "--force",
  ]);
  expect(code).toBe(5);
  expect(readFileSync(dir.file("out.tar"), "utf8")).toBe("precious");
});

test("standard output takes a whole archive, end marker and all", async () => {
  const child = start(world, ["mirror", "serialize", image, "-", "-b", "64Ki"], { stdout: "pipe" });
  const bytes = Buffer.from(await new Response(child.child.stdout as ReadableStream).bytes());
  expect((await child.ended()).code).toBe(0);
  expect(walkTar(bytes).hasEndMarker).toBe(true);
});

test.each([
  [
    "whose directory is missing",
    (dir: TempDir) => dir.file("no/such/out.tar"),
    "its directory does not exist",
  ],
  ["that is a directory", (dir: TempDir) => dir.path, "it is a directory"],
  ["below a file", (dir: TempDir) => `${dir.file("file")}/out.tar`, "a part of its path is not a directory"],
] as const)(
  "a destination %s ends with 7 and says so, before any blob is fetched",
  async (_, place, words) => {
    await using dir = await tempDir();
    await Bun.write(dir.file("file"), "");
    const before = world.lowProxy.requests.length;
    const { code, stderr } = await serialize(place(dir));
    expect({ code, stderr }).toMatchObject({ code: 7 });
    expect(stderr).toContain(`Cannot write ${place(dir)}: ${words}`);
    const asked = world.lowProxy.requests.slice(before);
    expect(asked.filter(({ path }) => path.includes("/blobs/"))).toEqual([]);
    expect(await readdir(dir.path)).toEqual(["file"]);
  },
);

testNeeding([jailNeed], "a directory that cannot be written to ends with 7 and says why", async () => {
  await using dir = await tempDir();
  await mkdir(dir.file("ro"));
  const wrapper = [
    ...["unshare", "-m", "sh", "-c"],
    'mount --make-rprivate / && mount -t tmpfs -o ro tmpfs "$0" && exec "$@"',
    dir.file("ro"),
  ];
  const { code, stderr } = await serialize(dir.file("ro/out.tar"), [], { wrapper });
  expect({ code, stderr }).toMatchObject({ code: 7 });
  expect(stderr).toContain("read-only filesystem");
});

testNeeding(
  [root, program("setpriv")],
  "a directory of somebody else ends with 7 and permission denied",
  async () => {
    await using dir = await tempDir();
    await chmod(dir.path, 0o755);
    await chmod(world.dir.path, 0o755);
    const wrapper = ["setpriv", "--reuid=65534", "--clear-groups"];
    const { code, stderr } = await serialize(dir.file("out.tar"), [], { wrapper });
    expect({ code, stderr }).toMatchObject({ code: 7 });
    expect(stderr).toContain("permission denied");
  },
);

test("a run that fails before anything is written leaves no file and a ledger that can be used again", async () => {
  await using dir = await tempDir();
  const { layers } = await pushPlain(world, "broken", [1000]);
  world.lowProxy.setRules([{ path: new RegExp(layers[0]!.descriptor.digest), answer: { status: 404 } }]);
  const args = [
    "mirror",
    "serialize",
    "low.test/broken:v1",
    dir.file("out.tar"),
    "--checkpoint",
    dir.file("cp"),
  ];
  const { code, stderr } = await world.run(args);
  expect({ code, stderr }).toMatchObject({ code: 5 });
  expect(existsSync(dir.file("out.tar"))).toBe(false);
  expect(stderr).not.toContain("is good up to byte 0");
  world.lowProxy.setRules([]);
  expect(await world.run(args)).toMatchObject({ code: 0 });
});

test("a checkpoint that exists is refused, and one that cannot be written is 7; the archive is not begun", async () => {
  await using dir = await tempDir();
  await Bun.write(dir.file("cp"), "the record of an earlier tape\n");
  const refused = await serialize(dir.file("out.tar"), ["--checkpoint", dir.file("cp")]);
  expect(refused).toMatchObject({ code: 3 });
  expect(refused.stderr).toContain("it exists and is not empty");
  expect(readFileSync(dir.file("cp"), "utf8")).toBe("the record of an earlier tape\n");
  const bad = await serialize(dir.file("out.tar"), ["--checkpoint", dir.file("no/cp")]);
  expect(bad).toMatchObject({ code: 7 });
  expect(bad.stderr).toContain(`Cannot write checkpoint ${dir.file("no/cp")}`);
  expect(existsSync(dir.file("out.tar"))).toBe(false);
});

testNeeding([linux], "a checkpoint on a full device ends with 7", async () => {
  await using dir = await tempDir();
  const { code, stderr } = await serialize(dir.file("out.tar"), ["--checkpoint", "/dev/full"]);
  expect({ code, stderr }).toMatchObject({ code: 7 });
  expect(stderr).toContain("Cannot write checkpoint /dev/full");
});

/** Which call reads a file that is read by position, and one that is read as a stream; and which of its calls fails. */
const readings = [
  ["a tar", "pread64", 9, (bytes: Buffer) => bytes],
  ["a gzip file", "read", 2, (bytes: Buffer) => gzipSync(bytes, { level: 1 })],
] as const;

for (const [what, call, when, pack] of readings) {
  testNeeding(
    [linux, program("strace")],
    `an I/O error while ${what} is read ends with 7 and the place, and tags nothing`,
    async () => {
      await using dir = await tempDir();
      expect(await serialize(dir.file("out.tar"))).toMatchObject({ code: 0 });
      await Bun.write(dir.file("in"), pack(readFileSync(dir.file("out.tar"))));
      const inject = `inject=${call}:error=EIO:when=${when}+`;
      const wrapper = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", dir.file("in"), "-e", inject];
      const { code, stderr } = await world.run(["mirror", "deserialize", dir.file("in"), "high.test/eio:1"], {
        wrapper,
      });
      expect({ code, stderr }).toMatchObject({ code: 7 });
      expect(stderr).toContain(`Cannot read ${dir.file("in")} at byte `);
      expect(stderr).toContain("input/output error");
      expect(await world.highHas("eio", "1")).toBe(false);
    },
  );
}
