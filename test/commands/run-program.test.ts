/** The command frame from outside: the compiled program, its words and its exit codes. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { COMMANDS } from "../../src/commands.ts";
import { linux, program, testNeeding } from "../support/needs.ts";
import { binaryPath, prepareBinary, runBinary, runCommandLine } from "../support/run-binary.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

let dir: TempDir;
beforeAll(async () => {
  await prepareBinary();
  dir = await tempDir();
});
afterAll(() => dir[Symbol.asyncDispose]());

const ids = Object.keys(COMMANDS).map((id) => id.replaceAll(":", " "));

test.each(ids)("%s --help shows its flags and two examples, each on a line of its own", async (id) => {
  const { code, stdout, stderr } = await runBinary([...id.split(" "), "--help"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toContain(`$ ace-dt ${id}`);
  const examples = stdout.slice(stdout.indexOf("EXAMPLES"));
  expect(examples.match(/^ +\$ ace-dt /gm)).toHaveLength(2);
});

test.each(ids)("the examples of %s are read by the program's own parser", async (id) => {
  const command = COMMANDS[id.replaceAll(" ", ":")]!;
  for (const example of command.examples ?? []) {
    if (typeof example === "string") throw new Error("an example without a description");
    const line = example.command
      .replace("<%= config.bin %>", "")
      .replace("<%= command.id %>", id)
      .replace(/>.*$/, "");
    // One flag too many: the parser has read all the others before it complains, and nothing is run.
    const { code, stderr } = await runBinary([
      ...line.split(" ").filter((word) => word !== ""),
      "--one-too-many",
    ]);
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("nonexistent flag: --one-too-many"),
    });
  }
});

test("help, -h, --help and nothing at all print the same overview", async () => {
  const texts = await Promise.all(
    [["help"], ["-h"], ["--help"], []].map(async (args) => (await runBinary(args)).stdout),
  );
  expect(new Set(texts).size).toBe(1);
  expect(texts[0]).toContain("mirror");
  expect((await runBinary(["help", "mirror", "gather"])).stdout).toContain("SOURCES-FILE");
});

/** Every argument and flag of the original, and ours: all are taken, and the run fails at something later than the line. */
test.each([
  [
    "gather",
    "mirror gather /nonexistent a.io/b:1 -a k=v,k2=v2 --annotations=x=y -p linux/amd64 --platforms linux/arm64/v8,linux/arm --index-fallback -r",
    3,
  ],
  [
    "serialize",
    "mirror serialize ubuntu out.tar a.io/b:1 a.io/c:1 -b 1Mi --block-size=64K -m 1Gi --buffer-size 0 --hwm 90 --checkpoint cp --existing-from-checkpoint a:1,b:2 --existing-from-checkpoint c:d:3 --resume-from-checkpoint e --resume-from-offset 4 --manifest-json --force --recursive",
    3,
  ],
  [
    "deserialize",
    "mirror deserialize in.tar ubuntu -b 0 --block-size 1Mi -m 64Mi --buffer-size 0 --dry-run --strict -r",
    3,
  ],
  [
    "scatter",
    "mirror scatter ubuntu nest=a.io -l a=1,b=2 --selector=!c --subset /nonexistent --check -o csv,json=rows.json --output table -r",
    3,
  ],
  [
    "clone",
    "mirror clone /nonexistent nest=a.io -l a=1,b=2 --selector=!c --check -o csv,json=rows.json --output table --continue -p linux/amd64 --platforms linux/arm64/v8,linux/s390x --platform-mode sparse -r",
    3,
  ],
])("%s takes every flag there is", async (_name, line, code) => {
  const globals = [
    "--config",
    "/dev/null",
    "-v",
    "-v=info",
    "--verbosity",
    "debug",
    "--no-term",
    "-q",
    "--debug",
    dir.file("events"),
  ];
  const result = await runBinary([...line.split(" "), ...globals], { cwd: dir.path });
  expect({ code: result.code, stderr: result.stderr }).toMatchObject({
    code,
    stderr: expect.stringContaining("ace-dt: Cannot "),
  });
});

test.each([
  ["mirror gather list", "Cannot run ace-dt mirror gather: missing 1 required arg\n  IMAGE"],
  ["mirror gather list a.io/b:1 more", "unexpected argument: more"],
  ["mirror gather list a.io/b:1 --bogus", "nonexistent flag: --bogus"],
  ["mirror gather list a.io/b:1 -a nothing", 'Cannot use --annotations "nothing"'],
  ["mirror gather list a.io/b:1 -p linux", 'Cannot use "linux" as a platform'],
  ["mirror gather list a.io/b:1 -v=loud", 'Cannot use "loud" as --verbosity'],
  ["mirror gather list a.io/b:1 --debug", "Cannot use --debug: it wants a value"],
  ["mirror serialize a.io/b:1 x -b lots", 'Cannot use "lots" as --block-size'],
  ["mirror serialize a.io/b:1 x -b 0", "Cannot use 0 as --block-size"],
  ["mirror serialize a.io/b:1 x -m -5", 'Cannot use "-5" as --buffer-size'],
  ["mirror serialize a.io/b:1 x --hwm 101", 'Cannot use "101" as --hwm'],
  ["mirror serialize a.io/b:1 x --existing-from-checkpoint cp", 'Cannot use checkpoint "cp"'],
  ["mirror serialize a.io/b:1 x --resume-from-checkpoint cp", "go together"],
  ["mirror serialize a.io/b:1 x --resume-from-offset 5", "go together"],
  [
    "mirror serialize a.io/b:1 x --resume-from-checkpoint cp --resume-from-offset 5K",
    'Cannot use "5K" as --resume-from-offset',
  ],
  ["mirror scatter a.io/b:1 nest=x -l a==b,", "Cannot use selector"],
  ["util registry --tls-cert x", "go together"],
  ["config extra", "unexpected argument: extra"],
  ["no-such-command", "there is no such command"],
])("%s ends with 2 and says why", async (line, message) => {
  const { code, stdout, stderr } = await runBinary(line.split(" "), { cwd: dir.path });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toStartWith("ace-dt: Cannot ");
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/^ +at /m);
});

test("a selector's fault is shown with a caret below it", async () => {
  const { stderr } = await runBinary(["mirror", "scatter", "a.io/b:1", "nest=x", "-l", "app=web,,tier"]);
  expect(stderr).toContain("\n  app=web,,tier\n          ^\n");
});

test("-v debug, and ACE_DT_VERBOSITY=debug, add the stack", async () => {
  const line = ["mirror", "serialize", "ubuntu", "x.tar"];
  expect((await runBinary([...line, "-v", "debug"])).stderr).toMatch(/^ +at /m);
  expect((await runBinary(line, { env: { ACE_DT_VERBOSITY: "debug" } })).stderr).toMatch(/^ +at /m);
  expect((await runBinary([...line, "-v", "info"])).stderr).not.toMatch(/^ +at /m);
});

test("config prints what is in force, and reads it back to the same", async () => {
  const env = { HOME: dir.path, ACE_DT_CONCURRENT_HTTP: "7" };
  await Bun.write(
    dir.file("mine.yaml"),
    'apiVersion: config.dt.act3-ace.io/v1alpha1\nkind: Configuration\nchunkSize: 5Mi\nregistryConfig:\n  a.io:\n    endpoints: [http://localhost:5000/]\n    rewritePull: {"^a(.*)": "b$1"}\n  endpointConfig:\n    http://localhost:5000: {supportsReferrers: tag}\ntelemetry: [{token: hush-hush}]\n',
  );
  const first = await runBinary(["config", "--config", dir.file("mine.yaml")], { env });
  expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: "" });
  expect(first.stdout).toContain("chunkSize: 5Mi\nconcurrentHTTP: 7\n");
  expect(first.stdout).not.toContain("hush-hush");
  await Bun.write(dir.file("again.yaml"), first.stdout);
  const second = await runBinary(["config", "--config", dir.file("again.yaml")], { env: { HOME: dir.path } });
  expect(second.stdout.replace(/^#.*/, "")).toBe(first.stdout.replace(/^#.*/, ""));
});

test("config --sample is a good file, and a reader that goes away is no error", async () => {
  const { stdout } = await runBinary(["config", "-s"]);
  await Bun.write(dir.file("sample.yaml"), stdout.replaceAll(/^# /gm, ""));
  expect(await runBinary(["config", "--config", dir.file("sample.yaml")])).toMatchObject({
    code: 0,
    stderr: "",
  });
  const command = `for i in 1 2 3 4 5; do "$0" config -s; echo "rc=$?" >&2; done | head -c 1`;
  const { stderr } = await runCommandLine(["sh", "-c", command, binaryPath()]);
  expect(stderr).toBe("rc=0\n".repeat(5));
});

testNeeding([linux], "a standard output that is full ends with 7 and a sentence", async () => {
  const command = ["sh", "-c", '"$0" version > /dev/full', binaryPath()];
  const { code, stderr } = await runCommandLine(command);
  expect({ code, stderr }).toEqual({
    code: 7,
    stderr: "ace-dt: Cannot write to standard output: no space left on it\n",
  });
});

test("a configuration file that is wrong ends with 3, with file, line and key", async () => {
  await Bun.write(
    dir.file("bad.yaml"),
    "apiVersion: config.dt.act3-ace.io/v1alpha1\nkind: Configuration\nconcurentHTTP: 5\n",
  );
  const { code, stderr } = await runBinary([
    "mirror",
    "serialize",
    "a.io/b:1",
    "x.tar",
    "--config",
    dir.file("bad.yaml"),
  ]);
  expect(code).toBe(3);
  expect(stderr).toContain(
    `Cannot read configuration ${dir.file("bad.yaml")}:3: key concurentHTTP: this key is not known`,
  );
});

test("version takes less than 100 ms of a processor", async () => {
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) times.push((await runBinary(["version"])).cpuMs);
  expect(Math.min(...times)).toBeGreaterThan(0);
  expect(Math.min(...times)).toBeLessThan(100);
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "util registry says where it listens, and %s ends it with 0",
  async (signal) => {
    const child = Bun.spawn([binaryPath(), "util", "registry"], {
      env: { TMPDIR: dir.path },
      stdout: "pipe",
      stderr: "pipe",
    });
    const reader = child.stdout.getReader();
    const address = new TextDecoder().decode((await reader.read()).value).trim();
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect((await fetch(`http://${address}/v2/`)).status).toBe(200);
    child.kill(signal);
    expect(await child.exited).toBe(0);
  },
);

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s stops a run that waits for an answer, within 2 s, with %d", async (signal, code) => {
  const asked = Promise.withResolvers<void>();
  using server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: () => asked.resolve() },
  });
  const config = dir.file(`${signal}.yaml`);
  await Bun.write(
    config,
    `apiVersion: config.dt.act3-ace.io/v1alpha1\nkind: Configuration\nregistryConfig:\n  registries:\n    a.io: {endpoints: ["http://127.0.0.1:${server.port}"]}\n`,
  );
  const child = Bun.spawn(
    [binaryPath(), "mirror", "serialize", "a.io/b:1", dir.file("never.tar"), "--config", config],
    {
      env: { HOME: dir.path },
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  await asked.promise;
  const started = performance.now();
  child.kill(signal);
  expect(await child.exited).toBe(code);
  expect(performance.now() - started).toBeLessThan(2000);
  expect(await new Response(child.stderr).text()).toContain(`stopped by ${signal}`);
});

testNeeding(
  [program("strace")],
  "version, help and config open nothing for writing and look into no home",
  async () => {
    for (const args of [["version"], ["--help"], ["config"], ["mirror", "gather"]]) {
      const log = dir.file("strace.log");
      await runBinary(args, {
        env: { HOME: dir.path },
        wrapper: ["strace", "-f", "-e", "trace=file", "-o", log],
      });
      const lines = (await Bun.file(log).text()).split("\n");
      expect(
        lines.filter((line) => /O_WRONLY|O_RDWR|O_CREAT|mkdir|rename|unlink|symlink/.test(line)),
      ).toEqual([]);
      const own = lines.filter(
        (line) => line.includes(dir.path) && !line.includes("execve") && !line.includes("getcwd"),
      );
      expect(own.filter((line) => !line.includes("/.config/ace/dt/config.yaml"))).toEqual([]);
    }
  },
);
