/** The gate's step of tests, run on test files that are made for it. */
import { expect, test } from "bun:test";
import { join, relative } from "node:path";
import { repositoryRoot } from "../../../scripts/build-binary.ts";
import { tempDir } from "../../support/temp-dir.ts";

test("a step that is killed by its time counts as failed, and says which test was running", async () => {
  await using dir = await tempDir();
  await Bun.write(
    dir.file("stuck.test.ts"),
    `import { expect, test } from "bun:test";
test("it ends", () => { expect(1).toBe(1); });
test("it never ends", async () => { await new Promise(() => undefined); }, 600_000);\n`,
  );
  const step = `const { runTests } = await import(${JSON.stringify(join(repositoryRoot, "scripts/gate/run-tests.ts"))});
console.log(JSON.stringify(await runTests("step", [${JSON.stringify(relative(repositoryRoot, dir.file("stuck.test.ts")))}], 1, 5000)));`;
  const child = Bun.spawn([process.execPath, "-e", step], { stdout: "pipe", stderr: "ignore" });
  const text = await new Response(child.stdout).text();
  await child.exited;
  expect(text).toContain("killed after 5 s");
  expect(text).toMatch(/was running: .*stuck\.test\.ts: it never ends/);
  const tally: { failed: number } = JSON.parse(text.trim().split("\n").at(-1) ?? "");
  expect(tally.failed).toBeGreaterThan(0);
}, 30_000);
