/**
 * podman, containerd and Docker as places to load archives into: no container is started, and nothing is left on the machine. Their
 * storage is a directory of its own for each, made with plain copies, so that any file system will do.
 */
import { mkdir } from "node:fs/promises";
import * as v from "valibot";
import { type Daemon, startDaemon } from "./daemon.ts";
import { jailNeed } from "./jail.ts";
import { type Need, program, root } from "./needs.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";

/** What {@link openPodman} needs: files of layers are given to their owners, and unpacked below a root that is mounted for that. */
export const podmanNeeds: readonly Need[] = [program("podman"), root, jailNeed];
/** What {@link openContainerd} needs: it binds directories, and is kept apart from the machine's. */
export const containerdNeeds: readonly Need[] = [program("containerd"), program("ctr"), jailNeed];
/** What {@link openDocker} needs: the daemon; its command line is not asked. */
export const dockerNeeds: readonly Need[] = [program("dockerd"), jailNeed];

/** An image that an engine knows. */
export interface LoadedImage {
  /** Empty for one without a name. */
  names: string[];
  /** The digest of its config. */
  id: string;
}

/** podman with a storage of its own. */
export interface Podman extends AsyncDisposable {
  /** @returns what it prints @throws Error with its stderr */
  run(...args: readonly string[]): Promise<string>;
  images(): Promise<LoadedImage[]>;
}

/** A containerd that runs. */
export interface Containerd extends AsyncDisposable {
  /** `ctr ARGS` with layers unpacked by plain copies. @returns what it prints @throws Error with its stderr */
  ctr(...args: readonly string[]): Promise<string>;
}

/** A Docker daemon that runs. */
export interface Docker extends AsyncDisposable {
  /** `docker load`. @throws Error with what the daemon says */
  load(archive: string): Promise<void>;
  images(): Promise<LoadedImage[]>;
}

const podmanImages = v.array(v.object({ Id: v.string(), Names: v.nullish(v.array(v.string()), []) }));

/** Makes an empty storage. Files that a machine's administrator writes are not read. */
export async function openPodman(): Promise<Podman> {
  const dir = await tempDir("ace-dt-podman-");
  const path = (name: string) => JSON.stringify(dir.file(name));
  await Bun.write(
    dir.file("containers.conf"),
    `[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
tmp_dir = ${path("tmp")}
static_dir = ${path("static")}
volume_path = ${path("volumes")}
[network]
network_config_dir = ${path("networks")}
`,
  );
  await Bun.write(
    dir.file("storage.conf"),
    `[storage]\ndriver = "vfs"\ngraphroot = ${path("root")}\nrunroot = ${path("run")}\n`,
  );
  await Bun.write(dir.file("registries.conf"), "");
  await Bun.write(dir.file("policy.json"), '{"default":[{"type":"insecureAcceptAnything"}]}');
  await mkdir(dir.file("big-files"));
  const env = {
    TMPDIR: dir.file("big-files"),
    CONTAINERS_CONF: dir.file("containers.conf"),
    CONTAINERS_STORAGE_CONF: dir.file("storage.conf"),
    CONTAINERS_REGISTRIES_CONF: dir.file("registries.conf"),
  };
  const policy = ["--signature-policy", dir.file("policy.json")];
  const run = (...args: readonly string[]) => {
    const [command = "", ...rest] = args;
    const asksPolicy = command === "load" || command === "pull";
    return output(["podman", command, ...(asksPolicy ? ["-q", ...policy] : []), ...rest], dir, env);
  };
  return {
    run,
    images: async () => {
      const images = v.parse(podmanImages, JSON.parse(await run("images", "--format", "json")));
      return images.map(({ Id, Names }) => ({ names: Names, id: `sha256:${Id}` }));
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

/** Starts it with no plugin that would look at the machine. */
export async function openContainerd(): Promise<Containerd> {
  const dir = await tempDir("ace-dt-containerd-");
  const path = (name: string) => JSON.stringify(dir.file(name));
  await Bun.write(
    dir.file("config.toml"),
    `version = 2
root = ${path("root")}
state = ${path("state")}
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = ${path("socket")}
[ttrpc]
address = ${path("socket.ttrpc")}
`,
  );
  const command = ["containerd", "--config", dir.file("config.toml")];
  const daemon = await startApart(command, dir, /containerd successfully booted/);
  const env = { CONTAINERD_ADDRESS: dir.file("socket"), CONTAINERD_SNAPSHOTTER: "native" };
  return {
    ctr: (...args) => output(["ctr", ...args], dir, env),
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

const dockerImages = v.array(v.object({ Id: v.string(), RepoTags: v.nullish(v.array(v.string()), []) }));

/** Starts it without networks. */
export async function openDocker(): Promise<Docker> {
  const dir = await tempDir("ace-dt-docker-");
  await Bun.write(dir.file("daemon.json"), "{}");
  const command = [
    ...["dockerd", "--config-file", dir.file("daemon.json"), "--host", `unix://${dir.file("socket")}`],
    ...["--data-root", dir.file("data"), "--exec-root", dir.file("exec"), "--pidfile", dir.file("pid")],
    ...["--storage-driver", "vfs", "--bridge", "none", "--iptables=false", "--ip6tables=false"],
    ...["--ip-forward=false", "--userland-proxy=false"],
  ];
  const daemon = await startApart(command, dir, /API listen on/);
  const ask = async (path: string, init: RequestInit = {}): Promise<string> => {
    const response = await fetch(`http://docker${path}`, { ...init, unix: dir.file("socket") });
    const text = await response.text();
    if (!response.ok || text.includes('"error"')) throw new Error(`dockerd: ${path}: ${text}`);
    return text;
  };
  return {
    load: async (archive) => {
      await ask("/images/load?quiet=1", { method: "POST", body: Bun.file(archive) });
    },
    images: async () => {
      const images = v.parse(dockerImages, JSON.parse(await ask("/images/json")));
      // Without a name it had this one, until API 1.43.
      return images.map(({ Id, RepoTags }) => ({
        names: RepoTags.filter((tag) => tag !== "<none>:<none>"),
        id: Id,
      }));
    },
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

/** Where daemons write whatever they are told is covered, for the daemon only. $1...: what to run. */
const apart = `set -e
mount --make-rprivate /
for each in /run /opt /etc/docker; do
  if [ -d $each ]; then mount -t tmpfs tmpfs $each; fi
done
exec "$@"`;

async function startApart(command: readonly string[], dir: TempDir, ready: RegExp): Promise<Daemon> {
  await using stack = new AsyncDisposableStack();
  stack.use(dir);
  const options = { ready, cwd: dir.path, env: environment(dir) };
  const daemon = stack.use(
    await startDaemon(["unshare", "-m", "sh", "-c", apart, "sh", ...command], options),
  );
  const running = stack.move();
  return { ...daemon, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function environment(dir: TempDir): Record<string, string> {
  return { PATH: process.env.PATH ?? "", HOME: dir.path };
}

async function output(
  command: readonly string[],
  dir: TempDir,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const child = Bun.spawn([...command], {
    cwd: dir.path,
    env: { ...environment(dir), ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const code = await child.exited;
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}
