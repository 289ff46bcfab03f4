/** The world in which the commands of a page run: two registries under the names that the pages use, and nothing else. */
import { mkdir, symlink } from "node:fs/promises";
import { startEmbedded } from "../support/registries.ts";
import { binaryPath, type RunResult, runCommandLine, writeConfig } from "../support/run-binary.ts";
import { pushPlaced, standardImages } from "../support/standard-images.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Names in our pages that mean the low side's registry. It has the standard images, as each of these registries would. */
const lowNames = ["reg.example.com", "docker.io", "quay.io", "ghcr.io"];
/** Names in our pages that mean the high side's registry, which is empty when a page begins. */
const highNames = ["reg.high.example.com", "secret.reg.example.com"];

/** A prepared world; its directory is the page's working directory. */
export interface PageWorld extends AsyncDisposable {
  directory: string;
  /** Runs a block as its reader would: one `sh` with errors on, in the directory where the last block ended. */
  shell(script: string, timeoutMs?: number): Promise<RunResult>;
}

/** Starts the registries, fills the low one and writes the configuration that maps the names. */
export async function openPageWorld(): Promise<PageWorld> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir("ace-dt-page-"));
  const low = stack.use(await startEmbedded());
  const high = stack.use(await startEmbedded());
  await pushPlaced(low.origin, standardImages());
  for (const name of ["bin", "home", "work"]) await mkdir(dir.file(name));
  await symlink(binaryPath(), dir.file("bin/ace-dt"));
  const names = [
    ...lowNames.map((name) => [name, low.origin]),
    ...highNames.map((name) => [name, high.origin]),
  ];
  const config = await writeConfig(dir.file("config.yaml"), Object.fromEntries(names));
  const env = {
    PATH: `${dir.file("bin")}:${process.env.PATH}`,
    HOME: dir.file("home"),
    ACE_DT_CONFIG: config,
    // What the pages call the registries when they are asked directly, with curl or skopeo.
    LOW: low.host,
    HIGH: high.host,
  };
  const kept = stack.move();
  return {
    directory: dir.file("work"),
    shell: (script, timeoutMs = 60_000) =>
      runCommandLine(["sh", "-eu", "-c", script], { cwd: dir.file("work"), env, timeoutMs }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
