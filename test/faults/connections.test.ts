/** How many connections: every number from 1 is enough for every verb, and none ever has more. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { walkTar } from "./archive-facts.ts";
import { start, until } from "./running.ts";
import { openWorld, pushPlain, type World } from "./world.ts";

setDefaultTimeout(60_000);

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
