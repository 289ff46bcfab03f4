/** `util mbuffer` through the binary: every byte, in whole blocks; what is full, broken, gone or stopped. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { linux, program, testNeeding } from "../support/needs.ts";
import {
  binaryPath,
  prepareBinary,
  type RunOptions,
  type RunResult,
  runBinary,
} from "../support/run-binary.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

setDefaultTimeout(60_000);

const bytes = seededBytes("mbuffer", 40_000_003);
let dir: TempDir;
beforeAll(async () => {
  await prepareBinary();
  dir = await tempDir();
  writeFileSync(dir.file("in"), bytes);
});
afterAll(() => dir[Symbol.asyncDispose]());

const mbuffer = (args: readonly string[], options: RunOptions = {}): Promise<RunResult> =>
  runBinary(["util", "mbuffer", ...args], { cwd: dir.path, ...options });

describe("util mbuffer", () => {
  for (const flags of [
    [],
    ["-b", "64Ki"],
    ["-b", "1000"],
    ["-m", "16Mi", "--hwm", "100"],
    ["-b", "4Mi", "-m", "20Mi", "--hwm", "50"],
  ]) {
    test(`brings every byte from a pipe to a pipe with ${flags.join(" ") || "no flags"}`, async () => {
      const run = await mbuffer(flags, { stdin: new Blob([bytes]) });
      expect(run).toMatchObject({ code: 0 });
      expect(Buffer.compare(run.stdoutBytes, bytes)).toBe(0);
      expect(run.stderr).toMatch(
        /^mbuffer: 40\.0 MB moved, \d+\.\d s, [\d.]+ MB\/s(, ran empty \d+ times)?\n$/m,
      );
    });
  }

  test("reads and writes files by name, and says nothing with -q", async () => {
    const run = await mbuffer(["-q", "-i", "in", "-o", "out"]);
    expect(run).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(Buffer.compare(readFileSync(dir.file("out")), bytes)).toBe(0);
    expect(await mbuffer(["-i", "in", "-o", "out"])).toMatchObject({ code: 7 });
    writeFileSync(dir.file("small"), "small");
    expect(await mbuffer(["-i", "small", "-o", "out", "--force"])).toMatchObject({ code: 0 });
    expect(readFileSync(dir.file("out"), "utf8")).toBe("small");
  });

  test("--rate-limit keeps a rate", async () => {
    const run = await mbuffer(["--rate-limit", "40Mi"], { stdin: new Blob([bytes]) });
    expect(run).toMatchObject({ code: 0 });
    expect(Buffer.compare(run.stdoutBytes, bytes)).toBe(0);
    // A tenth of a second of it may go out at once.
    expect(run.ms).toBeGreaterThan((bytes.length / (40 * 1024 * 1024) - 0.2) * 1000);
  });

  test("a buffer of more than 4 GiB is several pieces of memory, and one larger than the machine is refused", async () => {
    const run = await mbuffer(["-m", totalmem() > 12e9 ? "6Gi" : "1Gi"], { stdin: new Blob([bytes]) });
    expect(run).toMatchObject({ code: 0 });
    expect(Buffer.compare(run.stdoutBytes, bytes)).toBe(0);
    const huge = await mbuffer(["-m", "1024Ti"], { stdin: new Blob([bytes]) });
    expect(huge).toMatchObject({ code: 2 });
    expect(huge.stderr).toContain("this machine has");
  });

  test("nothing in is nothing out, and no failure", async () => {
    expect(await mbuffer([], { stdin: new Blob([]) })).toMatchObject({ code: 0, stdout: "" });
  });

  test("does not take a compressed stream apart", async () => {
    const packed = Bun.gzipSync(new Uint8Array(100_000));
    const run = await mbuffer([], { stdin: new Blob([packed]) });
    expect(Buffer.compare(run.stdoutBytes, packed)).toBe(0);
  });

  testNeeding(
    [linux, program("strace")],
    "writes whole blocks in single calls, and a short one last",
    async () => {
      const wrapper = [
        "strace",
        "-f",
        "-qq",
        "-e",
        "trace=write,pwrite64",
        "-P",
        dir.file("blocks"),
        "-o",
        dir.file("trace"),
      ];
      writeFileSync(dir.file("blocks"), "");
      const run = await mbuffer(["-b", "1000000", "-o", dir.file("blocks"), "--force"], {
        wrapper,
        stdin: new Blob([bytes]),
      });
      expect(run).toMatchObject({ code: 0 });
      const sizes = [
        ...readFileSync(dir.file("trace"), "utf8").matchAll(
          /write(?:64)?\(\d+, .*, (\d+)(?:, \d+)?\) += (\d+)$/gm,
        ),
      ];
      expect(sizes.map((call) => call[1])).toEqual([...Array(40).fill("1000000"), "3"]);
      expect(sizes.every((call) => call[1] === call[2])).toBe(true);
      expect(Buffer.compare(readFileSync(dir.file("blocks")), bytes)).toBe(0);
    },
  );

  test("shows rate and fill while it goes on", async () => {
    const slow = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await Bun.sleep(2600);
        controller.enqueue(new Uint8Array(1000));
        controller.close();
      },
    });
    const run = await mbuffer(["-o", "shown", "--no-term"], { stdin: slow });
    expect(run.stderr).toMatch(/^buffering \| 0 B \| 0 B\/s \| window \d+%$/m);
  });
});

describe("util mbuffer refuses", () => {
  test("a source that is not there, and leaves no file", async () => {
    const run = await mbuffer(["-i", "absent", "-o", "none"]);
    expect(run).toMatchObject({ code: 7 });
    expect(run.stderr).toContain("Cannot read absent: no such file");
    expect(existsSync(dir.file("none"))).toBe(false);
  });

  test("the file that it reads", async () => {
    const run = await mbuffer(["-i", "in", "-o", dir.file("in"), "--force"]);
    expect(run).toMatchObject({ code: 2 });
    expect(run.stderr).toContain("it is the file that is read");
    expect(Buffer.compare(readFileSync(dir.file("in")), bytes)).toBe(0);
  });

  test("a file that is there, with a hint that names only flags which it has", async () => {
    const run = await mbuffer(["-i", "in", "-o", dir.file("in")]);
    expect(run).toMatchObject({ code: 7 });
    await Bun.write(dir.file("there"), "x");
    const { code, stderr } = await mbuffer(["-i", "in", "-o", dir.file("there")]);
    expect(code).toBe(7);
    expect(stderr).toContain("hint: Name a new file, or give --force to replace it.\n");
    expect(stderr).not.toContain("--resume");
  });

  test("flags that mean nothing", async () => {
    for (const flags of [
      ["-b", "0"],
      ["--hwm", "101"],
      ["-m", "much"],
    ]) {
      expect(await mbuffer(flags, { stdin: new Blob([]) })).toMatchObject({ code: 2 });
    }
  });

  testNeeding([linux, program("python3")], "a terminal to read from", async () => {
    const code = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
    const run = await mbuffer(["-o", "none"], { wrapper: ["python3", "-c", code] });
    expect(run).toMatchObject({ code: 2 });
    expect(run.stdout).toContain("Cannot read standard input: it is a terminal");
  });
});

describe("util mbuffer ends", () => {
  testNeeding([linux], "with 7 where a device is full, and does not wait for its source", async () => {
    const run = await mbuffer(["-o", "/dev/full"], { stdin: endless() });
    expect(run).toMatchObject({ code: 7 });
    expect(run.stderr).toContain("Cannot write /dev/full: no space left on it at byte 0");
  });

  testNeeding([linux], "with 7 when nobody reads its output any more", async () => {
    const script = '"$0" util mbuffer < /dev/zero 2> said | head -c 1000000 > /dev/null; cat said';
    const run = await runShell(script);
    expect(run).toContain("Cannot write standard output: nobody reads from the pipe any more at byte");
  });

  testNeeding(
    [linux, program("strace")],
    "with 7 when the source breaks, and has written what came before",
    async () => {
      const wrapper = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-P",
        dir.file("in"),
        "-e",
        "inject=read,pread64:error=EIO:when=5",
      ];
      const run = await mbuffer(["-i", dir.file("in"), "-o", "rescued"], { wrapper });
      expect(run).toMatchObject({ code: 7 });
      expect(run.stderr).toContain("input/output error");
      const rescued = readFileSync(dir.file("rescued"));
      expect(rescued.length).toBeGreaterThan(0);
      expect(run.stderr).toContain(`the ${rescued.length} bytes that came before it are on rescued`);
      expect(Buffer.compare(rescued, bytes.subarray(0, rescued.length))).toBe(0);
    },
  );

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    test(`with ${code} at ${signal} while its source says nothing, and tells how far the output is good`, async () => {
      const out = dir.file(`stopped-${code}`);
      const child = Bun.spawn([binaryPath(), "util", "mbuffer", "-o", out], {
        stdin: "pipe",
        stderr: "pipe",
      });
      child.stdin.write(bytes.subarray(0, 3_500_000));
      child.stdin.flush();
      for (
        let tries = 0;
        tries < 500 && !(existsSync(out) && readFileSync(out).length >= 3 * 1024 * 1024);
        tries++
      )
        await Bun.sleep(20);
      const from = performance.now();
      child.kill(signal);
      expect(await child.exited).toBe(code);
      expect(performance.now() - from).toBeLessThan(5000);
      const said = await new Response(child.stderr).text();
      const good = Number(/is good up to byte (\d+)/.exec(said)?.[1]);
      expect(good).toBeGreaterThanOrEqual(3 * 1024 * 1024);
      expect(Buffer.compare(readFileSync(out).subarray(0, good), bytes.subarray(0, good))).toBe(0);
    });
  }
});

/** A source that never ends. */
function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
}

async function runShell(script: string): Promise<string> {
  const child = Bun.spawn(["sh", "-c", script, binaryPath()], { cwd: dir.path, stdin: "ignore" });
  return await new Response(child.stdout).text();
}
