/** The programs that tests run against: where each comes from, and whether that can be had on this machine. */
import { guestPrograms } from "../../test/support/tape-vm/build-guest.ts";

/** Programs of Debian packages: name on PATH, package. */
export const debianPrograms: Readonly<Record<string, string>> = {
  skopeo: "skopeo",
  "docker-registry": "docker-registry",
  strace: "strace",
  // Engines that archives are loaded into; no container is started, no service of theirs runs (76 MB to fetch, 12 s).
  podman: "podman",
  ctr: "containerd",
  containerd: "containerd",
  dockerd: "docker.io",
  // What packs archives as others do.
  pigz: "pigz",
  bgzip: "tabix",
  zstd: "zstd",
  // Passwords and certificates of registries that tests talk to.
  htpasswd: "apache2-utils",
  openssl: "openssl",
  // What pages tell a reader to type.
  curl: "curl",
  // What others write tapes with, and judges of drives and terminals.
  mbuffer: "mbuffer",
  sg_logs: "sg3-utils",
  prlimit: "util-linux",
  python3: "python3",
  script: "bsdutils",
  // Clocks that go back.
  faketime: "faketime",
  // The tape guest is for machines of its own kind only.
  ...(process.arch === "x64" ? guestPrograms : {}),
};

/** Programs that Go builds from its module proxy, with the module and the version: fixed, so that a gate of today runs tomorrow. */
export const goPrograms: Readonly<Record<string, string>> = {
  // distribution 3, which Debian does not have.
  registry: "github.com/distribution/distribution/v3/cmd/registry@v3.1.2",
};

/** True where Debian's packages can be installed. */
export function canInstallDebian(): boolean {
  return process.getuid?.() === 0 && Bun.which("apt-get") !== null;
}

/** True where Go can build what its proxy has. */
export function canBuildGo(): boolean {
  return Bun.which("go") !== null;
}

/** Why the gate cannot put a program on this machine; undefined when it can, so that its absence there is a fault of the gate. */
export function whyNotInstallable(name: string): string | undefined {
  if (name in goPrograms) return canBuildGo() ? undefined : "Go, which would build it, is not here";
  if (!(name in debianPrograms)) return "the gate does not install it";
  return canInstallDebian() ? undefined : "only root on Debian can install it";
}
