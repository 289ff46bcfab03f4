/** The wall clock is set while the binary waits for a registry that asked for time. Needs Debian's faketime. */
import { expect } from "bun:test";
import { writeFile } from "node:fs/promises";
import { linux, program, testNeeding } from "../support/needs.ts";
import { pushArtifact } from "../support/push.ts";
import { start } from "./running.ts";
import { openWorld, plainImage } from "./world.ts";

/** faketime itself names the library that it loads before a program, which lies elsewhere on every system. */
function libraryPath(): string {
  const shown = Bun.spawnSync(["faketime", "-m", "-f", "+0", "sh", "-c", 'printf %s "$LD_PRELOAD"']);
  return shown.stdout.toString();
}

testNeeding(
  [linux, program("faketime")],
  "the clock set back an hour during a Retry-After does not make the wait longer",
  async () => {
    await using world = await openWorld();
    const image = plainImage("clock", [1000]);
    await pushArtifact(world.low.origin, "app", image, "v1");
    world.lowProxy.setRules([{ times: 1, answer: { status: 429, headers: { "retry-after": "3" } } }]);
    const offset = world.dir.file("offset");
    await writeFile(offset, "+0");
    const running = start(world, ["mirror", "serialize", "low.test/app:v1", world.dir.file("a.tar")], {
      wrapper: [
        "env",
        `LD_PRELOAD=${libraryPath()}`,
        `FAKETIME_TIMESTAMP_FILE=${offset}`,
        "FAKETIME_NO_CACHE=1",
        // What somebody sets is the wall clock; the monotonic one is nobody's to set.
        "DONT_FAKE_MONOTONIC=1",
      ],
    });
    const ended = running.ended();
    while (world.lowProxy.requests.length === 0) await Bun.sleep(20);
    await Bun.sleep(1000);
    await writeFile(offset, "-1h");
    const { code, stderr } = await ended;
    expect(stderr).toContain("in 3.0 s");
    expect(code).toBe(0);
  },
);
