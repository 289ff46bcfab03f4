/** `mirror diff` through the binary: byte for byte what the original printed for its images, and what it never had. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { imageOf, layerOf } from "../../support/images.ts";
import {
  originalFile,
  pushOriginalGathered,
  pushOriginalSources,
  readOriginal,
} from "../../support/original.ts";
import { pushArtifact } from "../../support/push.ts";
import { type RunningRegistry, startEmbedded } from "../../support/registries.ts";
import {
  binaryPath,
  prepareBinary,
  type RunResult,
  runBinary,
  runCommandLine,
  runOk,
  writeConfig,
} from "../../support/run-binary.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

setDefaultTimeout(60_000);

const all = "mirror.example.com/low/all";
const nested = "mirror.example.com/low/nested:1";
let registry: RunningRegistry;
let dir: TempDir;
let env: Record<string, string>;

beforeAll(async () => {
  registry = await startEmbedded();
  dir = await tempDir();
  const config = await writeConfig(dir.file("config.yaml"), {
    "reg.example.com": registry.origin,
    "mirror.example.com": registry.origin,
  });
  env = { ACE_DT_CONFIG: config };
  await pushOriginalSources(registry.origin);
  await pushOriginalGathered(registry.origin, "low/all", "sync-1");
  const second = await readOriginal("batch/000002-ops.tar");
  await pushArtifact(registry.origin, "low/all", second.gathered, "sync-2");
  const base = layerOf("base", 5000);
  for (const seed of ["one", "two"]) {
    await pushArtifact(registry.origin, seed, imageOf({ seed, layers: 1, sharedLayers: [base] }), "1");
  }
  await pushArtifact(registry.origin, "three", imageOf({ seed: "three", layers: 2 }), "1");
  await gather("gathered:1", ["reg.example.com/one:1", "reg.example.com/two:1", "reg.example.com/three:1"]);
  await gather("low/nested:1", [
    `${all}:sync-1`,
    "reg.example.com/one:1",
    "reg.example.com/library/multi:v2",
  ]);
}, 60_000);
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  await dir?.[Symbol.asyncDispose]();
});

async function gather(image: string, sources: readonly string[]): Promise<void> {
  await Bun.write(dir.file("sources.list"), `${sources.join("\n")}\n`);
  await runOk(["mirror", "gather", dir.file("sources.list"), `mirror.example.com/${image}`], { env });
}

const diff = (...args: string[]): Promise<RunResult> =>
  runBinary(["mirror", "diff", ...args], { env, cwd: dir.path });

async function diffOk(...args: string[]): Promise<RunResult> {
  const result = await diff(...args);
  if (result.code !== 0)
    throw new Error(`diff ${args.join(" ")} ended with ${result.code}: ${result.stderr}`);
  return result;
}

async function references(...args: string[]): Promise<string[]> {
  const { stdout } = await diffOk(...args, "-o", "csv");
  return stdout
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.replace(/,[^,]*$/, ""));
}

test.each([
  ["csv", ["sync-1"], "diff.csv"],
  ["json", ["sync-1"], "diff.json"],
  ["csv", ["sync-1", "sync-2"], "diff2.csv"],
  ["json", ["sync-1", "sync-2"], "diff2.json"],
])("%s of %j is byte for byte the original's %s", async (kind, tags, file) => {
  const { stdout } = await diffOk(...tags.map((tag) => `${all}:${tag}`), "-o", kind);
  expect(stdout).toBe(await Bun.file(originalFile(file)).text());
});

test("without -o there is a table with whole references and digests, as in the original's", async () => {
  const { stdout, stderr } = await diffOk(`${all}:sync-1`);
  const words = (text: string) =>
    text.split("\n").map((line) => line.split(/[ |]+/).filter((word) => !/^-*$/.test(word)));
  const original = words(await Bun.file(originalFile("diff.table")).text()).filter((row) => row.length > 0);
  expect(words(stdout.trimEnd())).toEqual([["REFERENCE", "DIGEST"], ...original.slice(1)]);
  expect(stderr).toBe("");
});

test("several forms at once go to standard output and to files", async () => {
  const files = ["-o", `csv=${dir.file("out.csv")}`, "-o", `json=${dir.file("out=2.json")}`];
  const { stdout } = await diffOk(`${all}:sync-1`, `${all}:sync-2`, ...files, "-o", "json");
  const json = await Bun.file(originalFile("diff2.json")).text();
  expect(stdout).toBe(json);
  expect(await Bun.file(dir.file("out.csv")).text()).toBe(await Bun.file(originalFile("diff2.csv")).text());
  expect(await Bun.file(dir.file("out=2.json")).text()).toBe(json);
});

test("a file is replaced as a whole, through a symbolic link, and nothing is left beside it", async () => {
  await mkdir(dir.file("out"));
  await Bun.write(dir.file("out/real.csv"), "x".repeat(10_000));
  await symlink("real.csv", dir.file("out/link.csv"));
  await diffOk(`${all}:sync-1`, `${all}:sync-2`, "-o", `csv=${dir.file("out/link.csv")}`);
  expect(await readFile(dir.file("out/real.csv"), "utf8")).toBe(
    await Bun.file(originalFile("diff2.csv")).text(),
  );
  await symlink("new.csv", dir.file("out/dangling.csv"));
  await diffOk(`${all}:sync-1`, `${all}:sync-2`, "-o", `csv=${dir.file("out/dangling.csv")}`);
  expect(await readFile(dir.file("out/new.csv"), "utf8")).toBe(
    await readFile(dir.file("out/real.csv"), "utf8"),
  );
  expect((await readdir(dir.file("out"))).sort()).toEqual([
    "dangling.csv",
    "link.csv",
    "new.csv",
    "real.csv",
  ]);
});

test("a device and a pipe are written to as they are", async () => {
  await prepareBinary();
  // A pipe of the shell's: what the test harness gives is a socket, which cannot be opened by name.
  const script = `"$0" mirror diff "$@" -o csv=/dev/null -o csv=/dev/stdout | cat; test -c /dev/null`;
  const command = ["sh", "-c", script, binaryPath(), `${all}:sync-1`, `${all}:sync-2`];
  const { code, stdout, stderr } = await runCommandLine(command, { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(await Bun.file(originalFile("diff2.csv")).text());
});

test("a file that cannot be written ends with 2 and its name", async () => {
  const { code, stderr } = await diff(`${all}:sync-1`, "-o", `csv=${dir.file("nowhere/out.csv")}`);
  expect(code).toBe(2);
  expect(stderr).toContain(dir.file("nowhere/out.csv"));
});

test("when nothing differs there is a heading or an empty array, and a sentence on stderr", async () => {
  const same = [`${all}:sync-1`, `${all}:sync-1`];
  const csv = await diffOk(...same, "-o", "csv");
  expect(csv.stdout).toBe("reference,digest\n");
  expect(csv.stderr).toBe(`Nothing differs: the existing images have all 4 images of ${all}:sync-1.\n`);
  expect((await diffOk(...same, "-o", "json")).stdout).toBe("[]\n");
  expect((await diffOk(...same)).stdout).toBe("REFERENCE  DIGEST\n");
  const sizes = await diffOk(...same, "--sizes", "-o", "csv");
  expect(sizes.stdout).toBe("reference,digest,bytes,sharedBytes,existingBytes\n");
  const quiet = await diffOk(...same, "-q");
  expect(quiet.stdout + quiet.stderr).toBe("");
});

test("an existing image that is no gathered one takes just itself out", async () => {
  expect(await references(`${all}:sync-1`, "reg.example.com/library/tool:v1")).toEqual([
    "reg.example.com/charts/app:0.1.0",
    expect.stringContaining("reg.example.com/library/base@sha256:"),
    "reg.example.com/library/multi:v2",
  ]);
});

test("a gathered image inside of another is one row, and with --expand its images are", async () => {
  expect(await references(nested)).toEqual([
    `${all}:sync-1`,
    "reg.example.com/library/multi:v2",
    "reg.example.com/one:1",
  ]);
  expect(await references(nested, "--expand")).toEqual([
    "reg.example.com/charts/app:0.1.0",
    expect.stringContaining("reg.example.com/library/base@sha256:"),
    "reg.example.com/library/multi:v2",
    "reg.example.com/library/tool:v1",
    "reg.example.com/one:1",
  ]);
});

test("with --expand only the images that are new remain of a gathered one inside of another", async () => {
  expect(await references(nested, `${all}:sync-2`, "--expand")).toEqual([
    "reg.example.com/charts/app:0.1.0",
    "reg.example.com/one:1",
  ]);
  expect(await references(nested, `${all}:sync-1`, "--expand")).toEqual(["reg.example.com/one:1"]);
});

test("an existing image that has gathered another has the other's images too", async () => {
  expect(await references(`${all}:sync-1`, nested)).toEqual([]);
});

test("nested indexes that were put aside by --index-fallback are listed", async () => {
  const image = "mirror.example.com/fallback:1";
  await runOk(["mirror", "gather", originalFile("sources.list"), image, "--index-fallback"], { env });
  expect((await diffOk(image, "-o", "csv")).stdout).toBe(await Bun.file(originalFile("diff.csv")).text());
});

test("--sizes counts each image's bytes, those it shares, and those that existing images have", async () => {
  const base = layerOf("base", 5000).descriptor.size;
  const bytesOf = (seed: string, options: object) =>
    imageOf({ seed, ...options }).blobs.reduce((sum, blob) => sum + blob.descriptor.size, 0);
  const shared = { layers: 1, sharedLayers: [layerOf("base", 5000)] };
  const three = bytesOf("three", { layers: 2 });
  const rows = async (...more: string[]) => {
    const { stdout, stderr } = await diffOk(
      "mirror.example.com/gathered:1",
      "--sizes",
      "-o",
      "json",
      ...more,
    );
    return { rows: JSON.parse(stdout), stderr };
  };
  const first = await rows();
  expect(first.rows).toEqual([
    {
      reference: "reg.example.com/one:1",
      bytes: bytesOf("one", shared),
      sharedBytes: base,
      existingBytes: 0,
      digest: expect.any(String),
    },
    {
      reference: "reg.example.com/three:1",
      bytes: three,
      sharedBytes: 0,
      existingBytes: 0,
      digest: expect.any(String),
    },
    {
      reference: "reg.example.com/two:1",
      bytes: bytesOf("two", shared),
      sharedBytes: base,
      existingBytes: 0,
      digest: expect.any(String),
    },
  ]);
  expect(first.stderr).toMatch(/^Together \S+ kB, each blob counted once\.\n$/);
  const second = await rows("reg.example.com/two:1");
  expect(second.rows).toMatchObject([
    // Shared with an image that is not listed.
    { reference: "reg.example.com/one:1", sharedBytes: base, existingBytes: base },
    { reference: "reg.example.com/three:1", sharedBytes: 0, existingBytes: 0 },
  ]);
  expect(second.stderr).toContain("of them existing already");
});

test.each([
  [["reg.example.com/library/tool:v1"], 2, "it is no gather index"],
  [["reg.example.com/library/multi:v2"], 2, "it is no gather index"],
  [["mirror.example.com/low/all:none"], 5, "low/all:none"],
  [[`${all}:sync-1`, "reg.example.com/none:1"], 5, "none"],
  [["nowhere"], 3, "it has no registry"],
  [[], 2, "mirror-artifact"],
  [[`${all}:sync-1`, "-o", "yaml"], 2, "there is no form"],
])("diff %j ends with %d and says why", async (args, code, words) => {
  const result = await diff(...args);
  expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: "" });
  expect(result.stderr.toLowerCase()).toContain(words);
});
