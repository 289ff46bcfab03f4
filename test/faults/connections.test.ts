/** How many connections: every number from 1 is enough for every verb, and none ever has more. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { type CountingProxy, startCountingProxy } from "../support/counting-proxy.ts";
import { embedded } from "../support/embedded.ts";
import type { Artifact } from "../support/images.ts";
import { pushArtifact } from "../support/push.ts";
import { prepareBinary, runBinary, writeConfig } from "../support/run-binary.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { walkTar } from "./archive-facts.ts";
import { start, until } from "./running.ts";
import { openWorld, plainImage, pushPlain, type World } from "./world.ts";

setDefaultTimeout(180_000);

const mib = 1024 * 1024;

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

describe("a layer larger than the window, over one connection", () => {
  const env = { ACE_DT_CONCURRENT_HTTP: "1" };
  const small = ["--buffer-size", "16Mi"];

  test("is fetched and hashed when it comes first, beside an EXISTING-IMAGE", async () => {
    const { layer } = await pushPlain(world, "head", [40 * mib]);
    const { layer: known } = await pushPlain(world, "known", [1000]);
    const archive = world.dir.file("head.tar");
    const existing = "sound.test/known:v1";
    const args = ["mirror", "serialize", "sound.test/head:v1", archive, existing, ...small];
    expect(await world.run(args, { env })).toMatchObject({ code: 0 });
    const { entries } = walkTar(readFileSync(archive));
    const digests = entries.map(
      ({ body }) => body && `sha256:${new Bun.SHA256().update(body).digest("hex")}`,
    );
    expect(digests).toContain(layer.descriptor.digest);
    expect(digests).not.toContain(known.descriptor.digest);
  });

  test("is gone on with by --resume after a kill in the middle of it", async () => {
    await pushPlain(world, "killed", [48 * mib]);
    const archive = world.dir.file("killed.tar");
    const args = ["mirror", "serialize", "sound.test/killed:v1", archive, ...small];
    const running = start(world, [...args, "--quiet"], { env });
    const size = () => statSync(archive, { throwIfNoEntry: false })?.size ?? 0;
    await until("some of the layer is written", () => size() >= 10 * mib);
    await running.stop("SIGKILL");
    expect(size()).toBeLessThan(48 * mib);
    expect(await world.run([...args, "--resume"], { env })).toMatchObject({ code: 0 });
    expect(await world.run(["mirror", "verify", archive])).toMatchObject({ code: 0 });
  });
});

/** Two registries behind doors that count; `other.test` is the door of `high.test`, and no door lets a blob be mounted. */
class Counted implements AsyncDisposable {
  private constructor(
    readonly dir: TempDir,
    readonly images: readonly Artifact[],
    readonly doors: readonly CountingProxy[],
    readonly config: string,
    readonly stack: AsyncDisposableStack,
  ) {}

  static async open(): Promise<Counted> {
    await prepareBinary();
    const stack = new AsyncDisposableStack();
    const dir = stack.use(await tempDir());
    const doors: CountingProxy[] = [];
    const origins: string[] = [];
    for (const _ of ["low", "high"]) {
      const registry = stack.use(await embedded());
      doors.push(stack.use(await startCountingProxy(registry.origin)));
      origins.push(registry.origin);
    }
    const images = [
      plainImage("counted/big", [9 * mib]),
      ...Array.from({ length: 5 }, (_, at) => plainImage(`counted/${at}`, [30_000 + at, mib + 1000 + at])),
    ];
    for (const [at, image] of images.entries())
      await pushArtifact(origins[0] ?? "", `app/${at}`, image, "v1");
    const [low, high] = doors.map(({ url }) => url);
    const config = await writeConfig(dir.file("config.yaml"), {
      "low.test": low ?? "",
      "high.test": high ?? "",
      "other.test": high ?? "",
    });
    await Bun.write(dir.file("list"), images.map((_, at) => `low.test/app/${at}:v1\n`).join(""));
    const rows = images.map((_, at) => `low.test/app/${at},TO.test/TO/${at}\n`).join("");
    for (const to of ["low", "high", "other"])
      await Bun.write(dir.file(`${to}.csv`), `from,to\n${rows.replaceAll("TO", to)}`);
    const both = rows.replaceAll("TO", "high") + rows.replaceAll("TO", "other");
    await Bun.write(dir.file("both.csv"), `from,to\n${both}`);
    await Bun.write(
      dir.file("batch.csv"),
      `name,artifact\n${images.map((_, at) => `n${at},low.test/app/${at}:v1\n`).join("")}`,
    );
    return new Counted(dir, images, doors, config, stack);
  }

  /** Runs a verb over so many connections; no host may ever have seen more. */
  async run(connections: number, ...args: string[]): Promise<void> {
    const { code, stderr } = await runBinary(["mirror", ...args, "--config", this.config], {
      cwd: this.dir.path,
      env: { ACE_DT_CONCURRENT_HTTP: String(connections) },
      timeoutMs: 100_000,
    });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const most = this.doors.map((door) => door.most());
    expect({ args, most: Math.max(...most) <= connections, seen: most }).toMatchObject({ most: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stack.disposeAsync();
  }
}

describe("every verb, with no more connections to a host than it may have:", () => {
  for (const n of [1, 2, 3, 25]) {
    test(`${n}`, async () => {
      await using world = await Counted.open();
      const run = (...args: string[]) => world.run(n, ...args);
      const window = ["--buffer-size", "4Mi"];
      await run("gather", "list", "high.test/all:1");
      await run("gather", "list", "low.test/all:1");
      await run("serialize", "low.test/all:1", "all.tar", "low.test/app/1:v1", ...window);
      await run("deserialize", "all.tar", "low.test/app/1:2", ...window);
      await run("archive", "list", "archive.tar", ...window);
      await run("unarchive", "archive.tar", "nest=high.test/un", ...window);
      await run("verify", "archive.tar");
      await run("list", "archive.tar");
      await run("diff", "high.test/all:1", "low.test/all:1");
      await run("scatter", "low.test/all:1", "all-prefix=low.csv");
      await run("clone", "list", "all-prefix=both.csv");
      await run("batch-serialize", "batch.csv", "sync", ...window);
      await run("batch-deserialize", "sync", "high.test/batch", ...window);
    });
  }
});
