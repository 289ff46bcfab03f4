/** Runs the test files with Bun, two at a time, and counts them from the report, a crash included. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultOutfile, repositoryRoot } from "../build-binary.ts";
import { parseReport } from "./junit.ts";
import { headline, runCommand, type Tally } from "./step.ts";

/** Every test file, relative to the repository's root, sorted. */
export async function testFiles(): Promise<string[]> {
  const names = await readdir(join(repositoryRoot, "test"), { recursive: true });
  return names
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => `test/${name}`)
    .sort();
}

/**
 * Runs test files as one step.
 * @param processes how many files run at once, each in a process of its own
 */
export async function runTests(
  name: string,
  files: readonly string[],
  processes: number,
  timeoutMs: number,
): Promise<Tally> {
  headline(name);
  const report = join(repositoryRoot, ".cache", `junit-${process.pid}.xml`);
  await rm(report, { force: true });
  const notes = await mkdtemp(join(tmpdir(), "ace-dt-running-"));
  await using _ = { [Symbol.asyncDispose]: () => rm(notes, { recursive: true, force: true }) };
  const command = [
    process.execPath,
    "test",
    "--no-orphans", // what a killed test started must not outlive the gate
    `--parallel=${processes}`,
    "--preload=./scripts/gate/running-test.ts",
    "--timeout=60000",
    "--reporter=junit",
    `--reporter-outfile=${report}`,
    ...files.map((file) => `./${file}`),
  ];
  const end = await runCommand(command, timeoutMs, {
    ACE_DT_TEST_BINARY: defaultOutfile,
    ACE_DT_RUNNING_TESTS: notes,
  });
  const xml = Bun.file(report);
  const parsed = parseReport((await xml.exists()) ? await xml.text() : "");
  await rm(report, { force: true });
  const tally = { passed: parsed.passed, failed: parsed.failed.length, skipped: parsed.skipped.length };
  for (const skipped of parsed.skipped) console.log(`skipped: ${skipped}`);
  for (const failed of parsed.failed) console.log(`FAILED: ${failed}`);
  for (const file of files.filter((wanted) => !parsed.files.has(wanted))) {
    console.log(`FAILED: ${file}: no test of it was reported`);
    tally.failed++;
  }
  if (end.timedOut) {
    console.log(`FAILED: killed after ${timeoutMs / 1000} s`);
    for (const running of await runningTests(notes)) console.log(`was running: ${running}`);
  }
  // An error outside of tests, or an end by force: Bun says so with its exit code only.
  if ((end.code !== 0 || end.timedOut) && tally.failed === 0) {
    console.log(`FAILED: the test runner ended with ${end.code}`);
    tally.failed++;
  }
  console.log(`${tally.passed} tests of ${files.length} files passed, ${end.seconds.toFixed(1)} s`);
  return tally;
}

/** `file: name` of each test that had not ended. */
async function runningTests(notes: string): Promise<string[]> {
  const names = await readdir(notes);
  return await Promise.all(names.sort().map((name) => readFile(join(notes, name), "utf8")));
}
