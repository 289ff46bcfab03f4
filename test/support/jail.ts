/** A read-only root directory with nothing in it but the binary and the C library: every other file of this machine is out of reach. */
import { chmod, copyFile, mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Need } from "./needs.ts";
import { binaryPath, prepareBinary, type RunResult, runCommandLine } from "./run-binary.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";

/** The one directory inside that can be written to, as the binary sees it. */
export const jailWork = "/work";

/** A jail, and what goes on in it. */
export interface Jail extends AsyncDisposable {
  /** The writable directory as seen from outside. */
  work: TempDir;
  /** Runs `ace-dt ARGS` inside, started in `/`, with an empty environment. */
  run(...args: readonly string[]): Promise<RunResult>;
  /** Like run(), and lists every attempt to open for writing or to create anything outside of the writable directory and /dev. */
  runTraced(...args: readonly string[]): Promise<RunResult & { writes: string[] }>;
}

/** Whether this machine lets us make a jail. */
export const jailNeed: Need = { absent: whyNoJail(), installable: false };

function whyNoJail(): string | undefined {
  if (process.platform !== "linux") return `a jail needs Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return "a jail needs root";
  const missing = ["unshare", "chroot", "mount", "ldd"].find((name) => Bun.which(name) === null);
  if (missing !== undefined) return `no ${missing} on this machine`;
  const tried = Bun.spawnSync(["unshare", "-m", "mount", "--make-rprivate", "/"], { stderr: "pipe" });
  return tried.exitCode === 0
    ? undefined
    : `mounting is not allowed here (${tried.stderr.toString().trim()})`;
}

// $1: the jail, $2: its writable directory, $3...: what to run. Mounts vanish with the namespace, whatever happens.
const enter = `set -e
jail=$1 work=$2; shift 2
mount --make-rprivate /
mount --bind "$jail" "$jail"
mount -t proc proc "$jail/proc"
mount --rbind /dev "$jail/dev"
mount --bind "$work" "$jail${jailWork}"
mount -o remount,bind,ro "$jail"
cd /
exec "$@"`;

/** Copies the binary and the libraries it names into an empty directory. */
export async function openJail(): Promise<Jail> {
  await prepareBinary();
  const jail = await tempDir("ace-dt-jail-");
  const work = await tempDir("ace-dt-work-");
  for (const name of ["proc", "dev", jailWork.slice(1)]) await mkdir(jail.file(name));
  await copyFile(binaryPath(), jail.file("ace-dt"));
  await chmod(jail.file("ace-dt"), 0o755);
  for (const library of await librariesOf(binaryPath())) {
    const copy = join(jail.path, library);
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(library, copy);
    await chmod(copy, 0o755);
  }
  const command = (tracer: readonly string[], args: readonly string[]) => [
    ...["unshare", "-m", "sh", "-c", enter, "jail", jail.path, work.path],
    ...[...tracer, Bun.which("env") ?? "env", "-i", Bun.which("chroot") ?? "chroot", jail.path],
    ...["/ace-dt", ...args],
  ];
  return {
    work,
    run: (...args) => runCommandLine(command([], args)),
    runTraced: async (...args) => {
      const log = work.file(`strace-${crypto.randomUUID()}`);
      const calls =
        "open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlinkat";
      const result = await runCommandLine(
        command(["strace", "-f", "-qq", "-o", log, "-e", `trace=${calls}`], args),
      );
      return { ...result, writes: writesIn(await Bun.file(log).text()) };
    },
    [Symbol.asyncDispose]: async () => {
      await jail[Symbol.asyncDispose]();
      await work[Symbol.asyncDispose]();
    },
  };
}

async function librariesOf(path: string): Promise<string[]> {
  const listing = await new Response(Bun.spawn(["ldd", path]).stdout).text();
  return [...listing.matchAll(/(\/\S+) \(0x/g)].map((found) => found[1] ?? "");
}

/** Calls that would change a file system: of the binary (after its execve), outside of /dev, /proc and the writable directory. */
export function writesIn(strace: string): string[] {
  return strace.split("\n").filter((line) => {
    if (
      !/\b(creat|mkdir|mkdirat|rename|renameat2?|unlink|unlinkat|link|linkat|symlinkat)\(|O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE/.test(
        line,
      )
    ) {
      return false;
    }
    const path = /"([^"]*)"/.exec(line)?.[1] ?? "";
    return (
      !["/dev/", "/proc/", `${jailWork}/`].some((harmless) => path.startsWith(harmless)) &&
      basename(path) !== ""
    );
  });
}
