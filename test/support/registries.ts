/** Real registries on free ports: Debian's docker-registry, distribution 3, and our own. */
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

/** How long a registry may take until it listens. */
const startTimeoutMs = 15_000;

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

/** Starts a server and waits until it says where it listens, on stdout or stderr. */
async function startServer(command: string[], dir: TempDir, listening: RegExp): Promise<RunningRegistry> {
  const child = Bun.spawn(command, {
    cwd: dir.path,
    env: { PATH: process.env.PATH ?? "", HOME: dir.path, OTEL_TRACES_EXPORTER: "none" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let said = "";
  const host = Promise.withResolvers<string>();
  const listen = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      said = (said + decoder.decode(chunk, { stream: true })).slice(-20_000);
      const found = listening.exec(said)?.[1];
      if (found !== undefined) host.resolve(found);
    }
  };
  void Promise.all([listen(child.stdout), listen(child.stderr)]).catch(host.reject);
  const failed = (why: string) => new Error(`${command.join(" ")} ${why}:\n${said}`);
  void child.exited.then((code) => host.reject(failed(`ended with ${code}`)));
  const timer = setTimeout(() => host.reject(failed("said in 15 s no address to listen on")), startTimeoutMs);
  const stop = async () => {
    child.kill("SIGTERM");
    const hard = setTimeout(() => child.kill("SIGKILL"), 5000);
    await child.exited;
    clearTimeout(hard);
    await dir[Symbol.asyncDispose]();
  };
  try {
    const found = await host.promise;
    return {
      host: found,
      origin: `http://${found}`,
      directory: dir.file("data"),
      pid: child.pid,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
