/** Real registries on free ports: Debian's docker-registry, distribution 3, and our own. */
import { startDaemon } from "./daemon.ts";
import { findProgram, type Need, program } from "./needs.ts";
import { binaryPath, prepareBinary } from "./run-binary.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";

/** A registry that runs until it is disposed. */
export interface RunningRegistry extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  host: string;
  /** `http://127.0.0.1:port`. */
  origin: string;
  /** Its storage, absolute. */
  directory: string;
  pid: number;
}

/** A kind of registry that tests run against. */
export interface RegistryKind {
  name: string;
  need: Need;
  start(): Promise<RunningRegistry>;
}

const installed: Need = { absent: undefined, installable: true };

export const dockerRegistry: RegistryKind = {
  name: "docker-registry 2",
  need: program("docker-registry"),
  start: () => startDistribution("docker-registry"),
};
export const distribution3: RegistryKind = {
  name: "distribution 3",
  need: program("registry"),
  start: () => startDistribution("registry"),
};
export const embeddedRegistry: RegistryKind = {
  name: "ace-dt util registry",
  need: installed,
  start: () => startEmbedded(),
};

/** All of them. */
export const registryKinds: readonly RegistryKind[] = [dockerRegistry, distribution3, embeddedRegistry];

/**
 * Starts distribution 2 or 3 with filesystem storage; deletes are allowed.
 * @param more further YAML at the top level, such as an `auth` section
 * @param storage where its data lies; disposed when the registry stops
 */
export async function startDistribution(
  name: string,
  more = "",
  storage?: TempDir,
): Promise<RunningRegistry> {
  const dir = storage ?? (await tempDir("ace-dt-registry-"));
  const config = dir.file("registry.yml");
  await Bun.write(
    config,
    `version: 0.1
log: { level: info, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${JSON.stringify(dir.file("data"))}, maxthreads: 200 }, delete: { enabled: true } }
http: { addr: "127.0.0.1:0", secret: tests }
${more}`,
  );
  return await startServer(
    [findProgram(name) ?? name, "serve", config],
    dir,
    /listening on (127\.0\.0\.1:\d+)/,
  );
}

/**
 * Starts `ace-dt util registry` from the compiled binary.
 * @param flags further flags, such as `--read-only`
 */
export async function startEmbedded(flags: readonly string[] = []): Promise<RunningRegistry> {
  await prepareBinary();
  const dir = await tempDir("ace-dt-registry-");
  const command = [
    binaryPath(),
    "util",
    "registry",
    "--listen",
    "127.0.0.1:0",
    "--dir",
    dir.file("data"),
    ...flags,
  ];
  return await startServer(command, dir, /(127\.0\.0\.1:\d+)/);
}

/** Starts a server and waits until it says where it listens. */
async function startServer(command: string[], dir: TempDir, listening: RegExp): Promise<RunningRegistry> {
  const env = { PATH: process.env.PATH ?? "", HOME: dir.path, OTEL_TRACES_EXPORTER: "none" };
  await using stack = new AsyncDisposableStack();
  stack.use(dir);
  const daemon = stack.use(await startDaemon(command, { ready: listening, cwd: dir.path, env }));
  const host = daemon.said[1] ?? "";
  const running = stack.move();
  return {
    host,
    origin: `http://${host}`,
    directory: dir.file("data"),
    pid: daemon.pid,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
