/** `util registry` and its directory: one that writes there at a time, whoever was killed, and whatever number its process has. */
import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { linux, type Need, testNeeding } from "../support/needs.ts";
import { binaryPath, prepareBinary, runBinary } from "../support/run-binary.ts";
import { tempDir } from "../support/temp-dir.ts";

beforeAll(prepareBinary);

/** A process of its own, as its process 1. */
const apart = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"];

const canBeApart = ((): Need => {
  const tried =
    process.platform === "linux" && Bun.which("unshare") !== null
      ? Bun.spawnSync([...apart, "true"])
      : undefined;
  return {
    absent: tried?.success === true ? undefined : "no process namespaces for this user",
    installable: false,
  };
})();

const started: Bun.Subprocess[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
});

/** Starts one, and waits until it listens. */
async function serve(dir: string, wrapper: readonly string[] = []): Promise<Bun.Subprocess> {
  const command = [...wrapper, binaryPath(), "util", "registry", "--dir", dir];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "inherit", env: { PATH: process.env.PATH } });
  started.push(child);
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toStartWith("127.0.0.1:");
  return child;
}

describe("util registry --dir", () => {
  test("starts after a kill -9, though the number in the lock file is that of a process that lives", async () => {
    await using dir = await tempDir();
    const killed = await serve(dir.path);
    killed.kill("SIGKILL");
    await killed.exited;
    const lock = dir.file("registry.lock");
    expect(readFileSync(lock, "utf8")).toStartWith(`${killed.pid} `);
    writeFileSync(lock, "1\n"); // process 1 is always there
    const next = await serve(dir.path);
    expect(readFileSync(lock, "utf8")).toStartWith(`${next.pid} `);
    next.kill("SIGTERM");
    expect(await next.exited).toBe(0);
    expect(existsSync(lock)).toBe(false);
  });

  test("refuses a directory that another one writes to, and says which", async () => {
    await using dir = await tempDir();
    const first = await serve(dir.path);
    const second = await runBinary(["util", "registry", "--dir", dir.path]);
    expect(second).toMatchObject({ code: 3, stdout: "" });
    expect(second.stderr).toContain(`the registry of process ${first.pid} on `);
  });

  testNeeding([linux, canBeApart], "refuses it also when both are process 1 of a container", async () => {
    await using dir = await tempDir();
    await serve(dir.path, apart);
    expect(readFileSync(dir.file("registry.lock"), "utf8")).toStartWith("1 ");
    const second = await runBinary(["util", "registry", "--dir", dir.path], { wrapper: apart });
    expect(second).toMatchObject({ code: 3, stdout: "" });
    expect(second.stderr).toContain("the registry of process 1 on ");
  });
});

test("util registry names the directory when no temporary one can be made", async () => {
  await using dir = await tempDir();
  const absent = dir.file("none");
  const run = await runBinary(["util", "registry"], { env: { TMPDIR: absent } });
  expect(run.code).toBe(7);
  expect(run.stderr).toBe(
    `ace-dt: Cannot make a directory for the registry in ${absent}: no such directory\nhint: Name a directory with --dir, or set TMPDIR to one that this user may write to.\n`,
  );
});
