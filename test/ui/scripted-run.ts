/** A run that only pretends, for the tests that look at a whole process: `scripted-run.ts NAME [FLAG...]`. */
import { openUi } from "../../src/ui/open-ui.ts";
import { newRunStatus } from "../../src/ui/status.ts";

const [name, ...flags] = process.argv.slice(2);
const ui = openUi({
  quiet: flags.includes("-q"),
  noTerm: flags.includes("--no-term"),
  verbosity: 4,
  debugFile: flags.find((flag) => flag.startsWith("--debug="))?.slice("--debug=".length),
});
const started = performance.now();
const status = {
  ...newRunStatus(),
  phase: "copying blobs",
  bytesTotal: 100_000_000,
  bytesMoved: () => Math.round((performance.now() - started) * 10_000),
  inFlight: () => 3,
  windowFill: () => 0.5,
};
ui.watch(status);
await Bun.sleep(name === "long" ? 2600 : 700);
ui.log("warn", "something odd", { host: "reg" });
ui.log("info", "too fine");
ui.print("a result");
await Bun.sleep(500);
if (name === "exit") process.exit(3);
if (name === "signal") {
  process.on("SIGTERM", () => {
    ui.close();
    process.exit(143);
  });
  process.kill(process.pid, "SIGTERM");
  await Bun.sleep(5000);
}
if (name === "idle") {
  // Nothing but the ui's timer is left: the process must end by itself, with the line cleared.
} else {
  ui.finish({
    ...{ verb: "pretend", images: 1, blobs: 2, bytesMoved: 5_000_000, seconds: 1, notes: ["a note"] },
    ...{ blobsSkipped: 0, bytesSkipped: 0, blobsMounted: 0, bytesMounted: 0 },
  });
  ui.close();
}
