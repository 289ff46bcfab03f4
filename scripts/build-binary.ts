/** Compiles the program, its threads and Bun itself into one file that needs nothing beside it. */
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";

/** The repository's root directory, absolute. */
export const repositoryRoot = join(import.meta.dir, "..");

/** Where the binary for this host is written, absolute. */
export const defaultOutfile = join(repositoryRoot, "dist", "ace-dt");

/** The directory that Bun shows the embedded modules under; entry points keep their path relative to `root`. */
const embeddedRoot = "/$bunfs/root";

/** Everything that decides what is in the binary: files and directories below the root. */
const sources = ["src", "workers", "scripts/build-binary.ts", "package.json", "bun.lock"];

/** How to build. */
export interface BuildOptions {
  /** A Bun target such as `bun-linux-arm64`; this host's when left out. Others are downloaded from npm by Bun. */
  target?: Bun.Build.CompileTarget;
  /** Absolute path; {@link defaultOutfile} when left out. */
  outfile?: string;
}

/** What was built. */
export interface BuildResult {
  outfile: string;
  version: string;
  commit: string;
  bytes: number;
  ms: number;
}

/**
 * Builds the binary.
 * @throws Error with the bundler's messages, or when piscina's sources no longer look as we expect
 */
export async function buildBinary(options: BuildOptions = {}): Promise<BuildResult> {
  const started = performance.now();
  const outfile = options.outfile ?? defaultOutfile;
  const { version, commit } = await versionOfTree();
  const paths = pinPackagePaths();
  // Built beside its place and renamed into it: a running copy keeps its file, and two builds at once do no harm. The name of
  // the file is part of the embedded main module's path, so it is the directory that differs.
  const building = join(dirname(outfile), `.build-${process.pid}`);
  await mkdir(building, { recursive: true });
  await using _ = { [Symbol.asyncDispose]: () => rm(building, { recursive: true, force: true }) };
  const unfinished = join(building, basename(outfile));
  const built = await Bun.build({
    entrypoints: await entryPoints(),
    root: repositoryRoot,
    target: "bun",
    format: "esm",
    // Identifiers stay: a stack trace that a user sends us must name functions.
    minify: { syntax: true, whitespace: true, identifiers: false },
    bytecode: true,
    define: { ACE_DT_VERSION: JSON.stringify(version), ACE_DT_COMMIT: JSON.stringify(commit) },
    plugins: [paths.plugin],
    compile: {
      outfile: unfinished,
      ...(options.target === undefined ? {} : { target: options.target }),
      // The binary must not change its ways because of a file in the directory it happens to start in.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
  });
  if (!built.success) throw new Error(built.logs.join("\n"));
  if (paths.piscinaWorkers() !== 1) {
    throw new Error(
      `Cannot build: piscina's index.js names its worker ${paths.piscinaWorkers()} times in the way we know, want once`,
    );
  }
  await rename(unfinished, outfile);
  return { outfile, version, commit, bytes: (await stat(outfile)).size, ms: performance.now() - started };
}

/** Builds the binary for this host unless it is there and newer than everything it is made of. */
export async function ensureBinary(): Promise<BuildResult | undefined> {
  const built = await modifiedMs(defaultOutfile);
  const newest = Math.max(
    ...(await Promise.all(sources.map((path) => newestMs(join(repositoryRoot, path))))),
  );
  return built > newest ? undefined : await buildBinary();
}

/** main.ts, every thread's door in workers/, and the thread that piscina starts by path. */
async function entryPoints(): Promise<string[]> {
  const workers = (await readdir(join(repositoryRoot, "workers"))).filter((name) => name.endsWith(".ts"));
  return [
    "src/main.ts",
    ...workers.sort().map((name) => `workers/${name}`),
    "node_modules/piscina/dist/worker.js",
  ].map((path) => join(repositoryRoot, path));
}

/**
 * clean-stack and oclif ask the system for the user's home directory and shell as they load. The calls throw for a user with neither
 * HOME nor a line in /etc/passwd, as in a container from scratch; nothing of ours needs the answers.
 */
const askedOfSystem: readonly [RegExp, string][] = [
  [/\bos\.homedir\(\)|\(0, node_os_1\.homedir\)\(\)/g, '(process.env.HOME ?? "/")'],
  [/\(0, node_os_1\.userInfo\)\(\)\.shell/g, '"/bin/sh"'],
];

/**
 * The bundler makes `__dirname` and `__filename` of a package the directory of the *build* machine, and that breaks things
 * quietly: piscina starts `resolve(__dirname, "worker.js")`, so such a binary works where it was built and dies everywhere
 * else. Every package sees the directory that it would have inside the binary instead, and piscina its embedded thread.
 */
function pinPackagePaths(): { plugin: Bun.BunPlugin; piscinaWorkers: () => number } {
  const piscinaWorker = "(0, node_path_1.resolve)(__dirname, 'worker.js')";
  let piscinaWorkers = 0;
  const plugin: Bun.BunPlugin = {
    name: "package-paths",
    setup(build) {
      build.onLoad({ filter: /[/\\]node_modules[/\\].*\.[cm]?js$/ }, async ({ path }) => {
        const file = join(embeddedRoot, relative(repositoryRoot, path));
        let text = await Bun.file(path).text();
        if (file.endsWith("/piscina/dist/index.js")) {
          piscinaWorkers += text.split(piscinaWorker).length - 1;
          text = text.replaceAll(piscinaWorker, JSON.stringify(join(dirname(file), "worker.js")));
        }
        if (/\b__(dirname|filename)\b/.test(text)) {
          // Declared, not replaced: ejs has parameters of these names. A directive must stay the first statement.
          const strict = /^\s*(["'])use strict\1/.test(text) ? '"use strict";' : "";
          const names = `var __dirname = ${JSON.stringify(dirname(file))}, __filename = ${JSON.stringify(file)};`;
          text = `${strict}${names}${text}`;
        }
        for (const [call, answer] of askedOfSystem) text = text.replaceAll(call, answer);
        return { contents: text, loader: "js" };
      });
    },
  };
  return { plugin, piscinaWorkers: () => piscinaWorkers };
}

/** The version of package.json, and the commit (`-dirty` when files differ from it; `unknown` outside a git checkout). */
async function versionOfTree(): Promise<{ version: string; commit: string }> {
  const manifest: unknown = await Bun.file(join(repositoryRoot, "package.json")).json();
  if (typeof manifest !== "object" || manifest === null || !("version" in manifest)) {
    throw new Error("Cannot build: package.json has no version");
  }
  return { version: String(manifest.version), commit: await commitOfTree() };
}

async function commitOfTree(): Promise<string> {
  if (Bun.which("git") === null) return "unknown";
  const hash = await git("rev-parse", "--short=12", "HEAD");
  if (hash === undefined) return "unknown";
  const changes = await git("status", "--porcelain", "--untracked-files=no");
  return changes === "" ? hash : `${hash}-dirty`;
}

/** What git prints, trimmed; undefined when it fails (no repository). */
async function git(...args: string[]): Promise<string | undefined> {
  const child = Bun.spawn(["git", "-C", repositoryRoot, ...args], { stdout: "pipe", stderr: "ignore" });
  const text = await new Response(child.stdout).text();
  return (await child.exited) === 0 ? text.trim() : undefined;
}

/** The newest modification below a file or directory, in milliseconds since 1970; 0 when there is none. */
async function newestMs(path: string): Promise<number> {
  const own = await modifiedMs(path);
  if (own === 0 || !(await stat(path)).isDirectory()) return own;
  const entries = await readdir(path, { recursive: true });
  return Math.max(own, ...(await Promise.all(entries.map((entry) => modifiedMs(join(path, entry))))));
}

async function modifiedMs(path: string): Promise<number> {
  const file = Bun.file(path);
  return await file.stat().then(
    (found) => found.mtimeMs,
    (error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
      throw error;
    },
  );
}
