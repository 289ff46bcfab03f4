/** Puts on the machine what tests run against, where that is allowed; what stays absent is skipped by its tests. */
import { join } from "node:path";
import { buildGuest, guestPrograms, isGuestMade } from "../../test/support/tape-vm/build-guest.ts";
import { repositoryRoot } from "../build-binary.ts";
import { canBuildGo, canInstallDebian, debianPrograms, goPrograms } from "./programs.ts";
import { headline, runCommand } from "./step.ts";

const aptTimeoutMs = 5 * 60_000;
const goTimeoutMs = 8 * 60_000;

/** Installs what is missing; never fails, only says what it could not do. */
export async function installTools(): Promise<void> {
  headline("tools for the tests");
  await installDebianPackages();
  for (const [name, module] of Object.entries(goPrograms)) await buildWithGo(name, module);
  await makeTapeGuest();
}

async function makeTapeGuest(): Promise<void> {
  const absent = Object.keys(guestPrograms).filter((name) => Bun.which(name) === null);
  if (process.arch !== "x64" || absent.length > 0 || Bun.which("apt-get") === null) {
    console.log(`absent: the tape guest; ${absent.join(", ") || "it is for Debian on x64"} would be needed`);
    return;
  }
  if (await isGuestMade()) {
    console.log("present: the tape guest");
    return;
  }
  console.log("making the tape guest");
  try {
    await buildGuest();
  } catch (error) {
    console.log(`${error instanceof Error ? error.message : error}\nthe tests on a tape are skipped`);
  }
}

async function installDebianPackages(): Promise<void> {
  const missing = Object.keys(debianPrograms).filter((name) => Bun.which(name) === null);
  if (missing.length === 0) {
    console.log(`present: ${Object.keys(debianPrograms).join(", ")}`);
    return;
  }
  if (!canInstallDebian()) {
    console.log(`absent, and only root on Debian can install them: ${missing.join(", ")}`);
    return;
  }
  // A package's service must not start: tests start servers of their own, on ports of their own.
  const env = { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const packages = [...new Set(missing.map((name) => debianPrograms[name] ?? name))];
  console.log(`installing ${packages.join(", ")}`);
  const update = await runCommand(["apt-get", "update", "-qq"], aptTimeoutMs, env);
  if (update.code !== 0)
    console.log(`apt-get update ended with ${update.code}; trying with the lists there are`);
  const install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...packages];
  const { code } = await runCommand(install, aptTimeoutMs, env);
  if (code !== 0) console.log(`apt-get install ended with ${code}: ${missing.join(", ")} may be absent`);
}

async function buildWithGo(name: string, module: string): Promise<void> {
  const goDirectory = join(repositoryRoot, ".cache", "go");
  const home = process.env.HOME === undefined ? [] : [join(process.env.HOME, "go", "bin", name)];
  const places = [join(goDirectory, "bin", name), ...home];
  const there = await Promise.all(places.map((path) => Bun.file(path).exists()));
  if (Bun.which(name) !== null || there.includes(true)) {
    console.log(`present: ${name}`);
    return;
  }
  if (!canBuildGo()) {
    console.log(`absent: ${name}; Go, which would build it, is not here`);
    return;
  }
  console.log(`building ${module}`);
  const env = {
    GOPATH: goDirectory,
    GOBIN: join(goDirectory, "bin"),
    GOFLAGS: "-modcacherw",
    CGO_ENABLED: "0",
  };
  const { code } = await runCommand(["go", "install", module], goTimeoutMs, env);
  if (code !== 0) console.log(`go install ended with ${code}: ${name} is absent`);
}
