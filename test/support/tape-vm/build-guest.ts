/** Makes the guest's kernel and initial file system out of Debian packages: `.cache/tape-vm`. */
import { createHash } from "node:crypto";
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { repositoryRoot } from "../../../scripts/build-binary.ts";

const directory = join(repositoryRoot, ".cache", "tape-vm");

/** What QEMU boots. */
export const guestFiles = {
  kernel: join(directory, "vmlinuz"),
  initialFiles: join(directory, "initrd.gz"),
  /** What they were made of. */
  stamp: join(directory, "made-of"),
} as const;

/** The Debian packages whose programs the guest is made and run with, by a program of each. */
export const guestPrograms: Readonly<Record<string, string>> = {
  "qemu-system-x86_64": "qemu-system-x86",
  busybox: "busybox-static",
  cpio: "cpio",
  depmod: "kmod",
  "mt-st": "mt-st",
};

/** Debian's own package of the newest kernel; the one for clouds has no 9p. */
const kernelPackage = "linux-image-amd64";
/** iscsistart and the libraries it needs; the package is not installed, as it would start a service. */
const initiatorPackages = ["open-iscsi", "libopeniscsiusr", "libisns0"];

/** In the order in which they are loaded, each after what it depends on. */
const modules = [
  "crc32c_generic",
  "virtio_pci",
  "9pnet_virtio",
  "9p",
  "overlay",
  "scsi_mod",
  "st",
  "sg",
  "virtio_net",
  "iscsi_tcp",
];

/** True when the guest is made, from this very source. */
export async function isGuestMade(): Promise<boolean> {
  const stamp = Bun.file(guestFiles.stamp);
  return (await stamp.exists()) && (await stamp.text()) === (await sourceStamp());
}

/**
 * Makes the guest; needs apt-get, and the network when the packages are not in the cache yet.
 * @throws Error that says which step failed
 */
export async function buildGuest(): Promise<void> {
  const packages = join(directory, "packages");
  await mkdir(packages, { recursive: true });
  // apt's sandbox user may not write here; root's directory is fine for root.
  const names = [await newestKernel(), ...initiatorPackages];
  const missing = await missingPackages(packages, names);
  if (missing.length > 0)
    await run(["apt-get", "-o", "APT::Sandbox::User=root", "download", ...missing], packages);
  const work = await mkdtemp(join(tmpdir(), "tape-guest-"));
  try {
    await unpackInto(packages, names.slice(0, 1), join(work, "kernel"));
    await unpackInto(packages, initiatorPackages, join(work, "root", "iscsi"));
    await assemble(work);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await writeFile(guestFiles.stamp, await sourceStamp());
}

async function newestKernel(): Promise<string> {
  const text = await run(["apt-cache", "depends", kernelPackage], directory);
  const name = /Depends: (linux-image-\d\S*)/.exec(text)?.[1];
  if (name === undefined) throw new Error(`Cannot make the tape guest: apt-cache knows no ${kernelPackage}`);
  return name;
}

async function missingPackages(packages: string, names: readonly string[]): Promise<string[]> {
  const files = await readdir(packages);
  return names.filter((name) => !files.some((file) => file.startsWith(`${name}_`)));
}

async function unpackInto(packages: string, names: readonly string[], target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  const files = await readdir(packages);
  for (const name of names) {
    const file = files.find((each) => each.startsWith(`${name}_`)) ?? name;
    await run(["dpkg-deb", "-x", join(packages, file), target], packages);
  }
}

/** Puts busybox, the modules, iscsistart and the first process together, compressed. */
async function assemble(work: string): Promise<void> {
  const root = join(work, "root");
  const kernel = join(work, "kernel");
  const moduleTree = join(kernel, "lib", "modules");
  const [version = ""] = await readdir(moduleTree);
  await run(["depmod", "-b", kernel, version], work);
  for (const name of ["bin", "proc", "sys", "dev"]) await mkdir(join(root, name), { recursive: true });
  await copyFile(Bun.which("busybox") ?? "/bin/busybox", join(root, "bin", "busybox"));
  await copyFile(join(import.meta.dir, "guest-init.sh"), join(root, "init"));
  await chmod(join(root, "init"), 0o755);
  for (const unneeded of ["usr/share", "lib/systemd", "usr/lib/systemd"])
    await rm(join(root, "iscsi", unneeded), { recursive: true, force: true });
  await copyModules(join(moduleTree, version), join(root, "lib", "modules", version), root);
  await run(["sh", "-c", "find . -print0 | cpio --null -o -H newc --quiet | gzip -1 > ../initrd.gz"], root);
  await move(join(work, "initrd.gz"), guestFiles.initialFiles);
  await move(join(kernel, "boot", `vmlinuz-${version}`), guestFiles.kernel);
}

/** Copies the modules with all they depend on, flat and unpacked, and lists them in the order of loading. */
async function copyModules(tree: string, target: string, root: string): Promise<void> {
  await mkdir(target, { recursive: true });
  const dependencies = new Map(
    (await readFile(join(tree, "modules.dep"), "utf8")).split("\n").flatMap((line) => {
      const [path, needs = ""] = line.split(":");
      return path === undefined || path === ""
        ? []
        : [[path, needs.trim().split(" ").filter(Boolean)] as const];
    }),
  );
  const order: string[] = [];
  const add = (path: string): void => {
    if (order.includes(path)) return;
    // modules.dep names the nearest dependency first.
    for (const need of [...(dependencies.get(path) ?? [])].reverse()) add(need);
    order.push(path);
  };
  for (const name of modules) {
    const path = [...dependencies.keys()].find((each) => basename(each).replace(/\.ko.*$/, "") === name);
    if (path !== undefined) add(path);
  }
  const names: string[] = [];
  for (const path of order) {
    const name = basename(path).replace(/\.(xz|zst|gz)$/, "");
    names.push(name);
    if (path.endsWith(".ko")) await cp(join(tree, path), join(target, name));
    else
      await run(
        [
          "sh",
          "-c",
          `${unpackers[path.slice(path.lastIndexOf("."))]} "$1" > "$2"`,
          "sh",
          join(tree, path),
          join(target, name),
        ],
        root,
      );
  }
  await writeFile(join(root, "module-list"), `${names.join("\n")}\n`);
}

const unpackers: Readonly<Record<string, string>> = {
  ".xz": "xz -dc",
  ".zst": "zstd -dcq",
  ".gz": "gzip -dc",
};

/** The other directory may be on another file system; whoever looks sees a whole file or none. */
async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, `${to}.new`);
  await rename(`${to}.new`, to);
}

async function sourceStamp(): Promise<string> {
  const hash = createHash("sha256");
  for (const name of ["guest-init.sh", "build-guest.ts"])
    hash.update(await readFile(join(import.meta.dir, name)));
  return hash.digest("hex");
}

async function run(command: string[], cwd: string): Promise<string> {
  const child = Bun.spawn(command, { cwd, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, error] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) === 0) return out;
  throw new Error(`Cannot make the tape guest: ${command.join(" ")} ended with ${child.exitCode}:\n${error}`);
}
