import { expect, test } from "bun:test";
import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalStore } from "../../src/layout/local-store.ts";
import { StoreRun, sweepRuns } from "../../src/layout/store-run.ts";
import { tempDir } from "../support/temp-dir.ts";

/** A run's directory as a killed process leaves it. */
function abandon(store: string, ageSeconds: number): string {
  const directory = join(store, "ingest", `dead-${ageSeconds}`);
  mkdirSync(directory, { recursive: true });
  const then = Date.now() / 1000 - ageSeconds;
  for (const name of ["lock", "unfinished"]) {
    writeFileSync(join(directory, name), "x");
    utimesSync(join(directory, name), then, then);
  }
  utimesSync(directory, then, then);
  return directory;
}

test("sweepRuns() removes what is old and unlocked, and nothing that was written to a moment ago", async () => {
  await using dir = await tempDir();
  const old = abandon(dir.path, 120);
  const young = abandon(dir.path, 5);
  using own = new StoreRun(dir.path);
  expect(sweepRuns(dir.path, own)).toBeUndefined();
  expect(existsSync(old)).toBe(false);
  expect(existsSync(young)).toBe(true);
  expect(existsSync(own.directory)).toBe(true);
});

test("sweepRuns() removes a single file that other software left in ingest", async () => {
  await using dir = await tempDir();
  using own = new StoreRun(dir.path);
  const left = join(dir.path, "ingest", "oras_ingest_1");
  writeFileSync(left, "x");
  sweepRuns(dir.path, own);
  expect(existsSync(left)).toBe(true);
  utimesSync(left, 1000, 1000);
  sweepRuns(dir.path, own);
  expect(existsSync(left)).toBe(false);
});

test("sweepRuns() leaves a run that lives, however old, and tells when the oldest began", async () => {
  await using dir = await tempDir();
  using slow = new StoreRun(dir.path);
  const began = Date.now() / 1000 - 7200;
  for (const path of [join(slow.directory, "lock"), slow.directory]) utimesSync(path, began, began);
  using fast = new StoreRun(dir.path);
  using own = new StoreRun(dir.path);
  expect(sweepRuns(dir.path, own)).toBeCloseTo(began * 1000, 0);
  expect(existsSync(slow.directory)).toBe(true);
  expect(existsSync(fast.directory)).toBe(true);
});

test("the lock of a killed process is gone with it, and its unfinished file with the next run", async () => {
  await using dir = await tempDir();
  const script = `
    import { LocalStore } from "./src/layout/local-store.ts";
    const store = LocalStore.open(process.argv[1]);
    store.ingest({ mediaType: "a/b", digest: "sha256:${"0".repeat(64)}", size: 3 }).write(new Uint8Array(3));
    console.log(store.handle.ingestDirectory);
    setInterval(() => undefined, 1000);`;
  const child = Bun.spawn([process.execPath, "-e", script, dir.path], {
    cwd: join(import.meta.dir, "../.."),
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await child.stdout.getReader().read();
  const directory = new TextDecoder().decode(value).trim();
  const age = () => {
    for (const path of [join(directory, "lock"), directory]) utimesSync(path, 1000, 1000);
    using _ = LocalStore.open(dir.path);
  };
  age();
  expect(existsSync(directory)).toBe(true);
  child.kill("SIGKILL");
  await child.exited;
  // The unfinished file is as young as before; only that keeps it for another minute.
  age();
  expect(existsSync(directory)).toBe(true);
  for (const name of new Bun.Glob("*").scanSync(directory)) utimesSync(join(directory, name), 1000, 1000);
  age();
  expect(existsSync(directory)).toBe(false);
});
