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

/** What the gate is made of, in the order in which it goes through it. */
const parts = ["format", "lint", "types", "rooms", "binary", "tests", "guest"] as const;

/**
 * `npm test -- lint types` runs these parts alone; `npm test -- registry` the tests of all files with "registry" in their path, and
 * `npm test -- tests registry` those that need no guest.
 */
const named = process.argv.slice(2);
const chosen = parts.filter((part) => named.includes(part));
const filters = named.filter((name) => !chosen.some((part) => part === name));
const wants = (part: (typeof parts)[number]) => named.length === 0 || chosen.includes(part);
const testParts: readonly string[] = ["rooms", "tests", "guest"];
/** Where no part of the tests is named, a path chooses among all of them. */
const wantsTests = (part: "rooms" | "tests" | "guest") =>
  wants(part) || (filters.length > 0 && !chosen.some((each) => testParts.includes(each)));
const wanted = (file: string) => filters.length === 0 || filters.some((part) => file.includes(part));

const started = performance.now();
const tallies: Tally[] = [];

const biome = "@biomejs/biome/bin/biome";
const config = ["--config-path", ".ci"];
const lint = ["lint", ...config, "--error-on-warnings", ...biomePaths];
if (wants("format"))
  tallies.push(await check("format", tool(biome, "format", ...config, ...biomePaths), 2 * minute));
if (wants("lint")) tallies.push(await check("lint", tool(biome, ...lint), 2 * minute));
if (wants("types")) tallies.push(await check("types", tool("typescript/bin/tsc", "-p", "."), 5 * minute));
const files = (await testFiles()).filter(wanted);
if (wantsTests("rooms") && files.includes(rooms)) tallies.push(await runTests("rooms", [rooms], 1, minute));
const others = wantsTests("tests") ? files.filter((file) => file !== rooms && !isInGuest(file)) : [];
const inGuest = wantsTests("guest") ? files.filter(isInGuest) : [];
const runsTests = others.length + inGuest.length > 0;
if (runsTests) await installTools();
if (runsTests || wants("binary"))
  tallies.push(await check("binary", [process.execPath, "scripts/build.ts"], 3 * minute));
if (others.length > 0) {
  const processes = Math.max(2, Math.min(4, availableParallelism()));
  tallies.push(await runTests("tests", others, processes, 40 * minute));
}
if (inGuest.length > 0) {
  // Beside each guest's processor its test has something to do: it is the drive.
  const guests = Math.max(1, Math.min(4, Math.floor(availableParallelism() / 2)));
  tallies.push(await runTests("tests in a tape guest", inGuest, guests, 30 * minute));
}

const { passed, failed, skipped } = total(tallies);
console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
