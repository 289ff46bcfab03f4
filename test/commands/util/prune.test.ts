/** `util prune` from outside: what it reads, what it says, what it leaves. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { LocalStore } from "../../../src/layout/local-store.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { runBinary, runOk, writeConfig } from "../../support/run-binary.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

let dir: TempDir;
beforeAll(async () => {
  dir = await tempDir();
});
afterAll(() => dir[Symbol.asyncDispose]());

/** A store of blobs of 1 MiB each. */
async function storeOf(name: string, blobs: number): Promise<{ path: string; store: LocalStore }> {
  const path = dir.file(name);
  const store = LocalStore.open(path);
  for (let i = 0; i < blobs; i++) {
    const bytes = seededBytes(`${name} ${i}`, 1024 * 1024);
    using ingest = store.ingest({ mediaType: "a/b", digest: digestOf(bytes), size: bytes.length });
    ingest.write(bytes);
    await ingest.commit();
  }
  return { path, store };
}

function blobsLeft(path: string): number {
  return readdirSync(join(path, "blobs", "sha256")).length;
}

test("util prune cuts the store to --size MiB and says what it removed and what is left", async () => {
  const { path, store } = await storeOf("sized", 5);
  store.close();
  const env = { ACE_DT_CACHE_PATH: path };
  const { stdout } = await runOk(["util", "prune", "-s", "3"], { env });
  expect(stdout).toBe(`${path}: removed 2 blobs (2.10 MB), 3 blobs (3.15 MB) left.\n`);
  expect((await runOk(["util", "prune", "--size", "0"], { env })).stdout).toBe(
    `${path}: removed 3 blobs (3.15 MB), 0 blobs (0 B) left.\n`,
  );
  expect(blobsLeft(path)).toBe(0);
});

test.each([
  ["the variable", { ACE_DT_CACHE_PRUNE_MAX: "2Mi" }, "", 2],
  ["the configuration", {}, "cachePruneMax: 1Mi\n", 1],
  ["nothing, which is 500Mi", {}, "", 4],
])("util prune without --size goes by %s", async (name, variables, line, left) => {
  const { path, store } = await storeOf(name, 4);
  store.close();
  const config = await writeConfig(dir.file(`${name}.yaml`), {}, line);
  await runOk(["util", "prune", "--config", config], { env: { ACE_DT_CACHE_PATH: path, ...variables } });
  expect(blobsLeft(path)).toBe(left);
});

test("util prune leaves what a run that goes on uses, and says so", async () => {
  const { path, store } = await storeOf("busy", 2);
  const env = { ACE_DT_CACHE_PATH: path };
  expect((await runOk(["util", "prune", "-s", "0"], { env })).stdout).toBe(
    `${path}: removed 0 blobs (0 B), 2 blobs (2.10 MB) left.\nA run that goes on uses 2 blobs (2.10 MB) of what is left.\n`,
  );
  store.close();
  await runOk(["util", "prune", "-s", "0"], { env });
  expect(blobsLeft(path)).toBe(0);
});

test("util prune has nothing to do where the store is off, or is not there; it makes none", async () => {
  const off = await runOk(["util", "prune"], { env: { ACE_DT_CACHE_PATH: "" } });
  expect(off.stdout).toBe("The local store is off.\n");
  const path = dir.file("none");
  await runOk(["util", "prune"], { env: { ACE_DT_CACHE_PATH: path } });
  expect(existsSync(path)).toBe(false);
});

test.each(["-1", "x", "1.5", "1Mi", ""])("util prune refuses --size=%s", async (size) => {
  const { code, stderr } = await runBinary(["util", "prune", `--size=${size}`], {
    env: { ACE_DT_CACHE_PATH: "" },
  });
  expect({ code, stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("want a whole number of MiB"),
  });
});
