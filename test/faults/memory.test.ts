/** A process that may have little memory: the window is made smaller, or the limit is named. */
import { afterAll, beforeAll, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { linux, program, testNeeding } from "../support/needs.ts";
import { openWorld, pushPlain, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await pushPlain(world, "app", [3_000_000, 1000]);
});
afterAll(() => world[Symbol.asyncDispose]());

/** Serializes with RLIMIT_DATA, which counts all private memory that can be written to. Bun itself needs some 350 MB of it. */
const serialize = (dataBytes: number, name: string, more: readonly string[] = []) =>
  world.run(["mirror", "serialize", "sound.test/app:v1", world.dir.file(name), ...more], {
    wrapper: ["prlimit", `--data=${dataBytes}`],
  });

testNeeding([linux, program("prlimit")], "with little memory the automatic buffer is smaller", async () => {
  expect(
    (await world.run(["mirror", "serialize", "sound.test/app:v1", world.dir.file("whole.tar")])).code,
  ).toBe(0);
  const whole = readFileSync(world.dir.file("whole.tar"));
  for (const more of [[], ["-m", "16Mi"]]) {
    const name = `little${more.length}${more[0] ?? ""}.tar`;
    const { code, stderr } = await serialize(480_000_000, name, more);
    expect({ more, code, stderr }).toMatchObject({ code: 0 });
    expect(readFileSync(world.dir.file(name)).equals(whole)).toBe(true);
  }
});

testNeeding(
  [linux, program("prlimit")],
  "a buffer that is asked for and not to be had names the limit",
  async () => {
    const { code, stderr } = await serialize(480_000_000, "much.tar", ["-m", "400Mi"]);
    expect({ code, stderr }).toMatchObject({ code: 2 });
    expect(stderr).toContain(
      "Cannot use --buffer-size 419430400: there is not so much memory: ulimit -d allows 480000000 bytes of data",
    );
    expect(stderr).toContain("hint: Give a smaller --buffer-size");
    const more = await serialize(480_000_000, "more.tar", ["-m", "600Mi"]);
    expect(more.code).toBe(2);
    expect(more.stderr).toContain(
      "Cannot use --buffer-size 629145600: ulimit -d allows 480000000 bytes of data",
    );
  },
);
