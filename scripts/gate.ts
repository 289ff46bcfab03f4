/** `npm test`: format, lint, types, rooms, the binary, every test. The last line is `N passed, N failed, N skipped`. */
import { availableParallelism } from "node:os";
import { installTools } from "./gate/install-tools.ts";
import { runTests, testFiles } from "./gate/run-tests.ts";
import { check, type Tally, total } from "./gate/step.ts";

const minute = 60_000;
const biomePaths = ["src", "workers", "scripts", "test", "package.json", "tsconfig.json"];
const rooms = "test/rooms.test.ts";
/** A guest's processor is imitated: its tests have the machine to themselves, and some of them measure time. */
const isInGuest = (file: string) => file.startsWith("test/tape-guest/");

/** Our packages' programs run in this Bun: there may be no Node. */
function tool(path: string, ...args: string[]): string[] {
  return [process.execPath, `node_modules/${path}`, ...args];
}

/** With arguments only the test files whose path contains one of them run: `npm test -- registry`. */
const filters = process.argv.slice(2);
const wanted = (file: string) => filters.length === 0 || filters.some((part) => file.includes(part));

const started = performance.now();
const tallies: Tally[] = [];

const biome = "@biomejs/biome/bin/biome";
const config = ["--config-path", ".ci"];
if (filters.length === 0) {
  tallies.push(await check("format", tool(biome, "format", ...config, ...biomePaths), 2 * minute));
  const lint = ["lint", ...config, "--error-on-warnings", ...biomePaths];
  tallies.push(await check("lint", tool(biome, ...lint), 2 * minute));
  tallies.push(await check("types", tool("typescript/bin/tsc", "-p", "."), 5 * minute));
}
const files = (await testFiles()).filter(wanted);
if (files.includes(rooms)) tallies.push(await runTests("rooms", [rooms], 1, minute));
await installTools();
const binary = await check("binary", [process.execPath, "scripts/build.ts"], 3 * minute);
tallies.push(binary);
const others = files.filter((file) => file !== rooms && !isInGuest(file));
if (others.length > 0) {
  const processes = Math.max(2, Math.min(4, availableParallelism()));
  tallies.push(await runTests("tests", others, processes, 13 * minute));
}
const inGuest = files.filter(isInGuest);
if (inGuest.length > 0) {
  // Beside each guest's processor its test has something to do: it is the drive.
  const guests = Math.max(1, Math.min(4, Math.floor(availableParallelism() / 2)));
  tallies.push(await runTests("tests in a tape guest", inGuest, guests, 7 * minute));
}

const { passed, failed, skipped } = total(tallies);
console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
