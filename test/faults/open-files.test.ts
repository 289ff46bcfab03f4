/** A process that may open few files: fewer connections, said once, and every verb works. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { affordableConnections } from "../../src/run/run.ts";
import { linux, program, testNeeding } from "../support/needs.ts";
import { openWorld, pushPlain, type World } from "./world.ts";

let world: World;
const names = Array.from({ length: 20 }, (_, at) => `app${at}`);
beforeAll(async () => {
  world = await openWorld();
  for (const name of names) await pushPlain(world, name, [2000, 30_000, 3]);
  await Bun.write(world.dir.file("list"), names.map((name) => `sound.test/${name}:v1\n`).join(""));
});
afterAll(() => world[Symbol.asyncDispose]());

const within = (limit: string, ...args: string[]) =>
  world.run(["mirror", ...args], {
    wrapper: ["prlimit", `--nofile=${limit}`],
    env: { ACE_DT_CACHE_PATH: world.dir.file("store") },
  });
const said = /only 64 files may be open at a time \(ulimit -n\): 13 connections to a host instead of 25/g;

testNeeding(
  [linux, program("prlimit")],
  "with 64 files every verb works over fewer connections, and says so once",
  async () => {
    const [list, archive] = [world.dir.file("list"), world.dir.file("a.tar")];
    const index = "high.test/g:1";
    for (const args of [
      ["gather", list, index],
      ["serialize", index, archive],
      ["deserialize", archive, "high.test/read:1"],
      ["scatter", "high.test/read:1", "nest=high.test/scattered"],
      ["clone", list, "nest=high.test/cloned"],
      ["archive", list, world.dir.file("b.tar"), "sync"],
      ["unarchive", archive, "nest=high.test/unpacked"],
      ["list", archive],
      ["diff", index, "high.test/read:1"],
    ]) {
      const { code, stderr } = await within("64:64", ...args);
      expect({ verb: args[0], code, stderr }).toMatchObject({ code: 0 });
      expect([args[0], stderr.match(said)?.length]).toEqual([args[0], 1]);
    }
    expect(await within("64:64", "verify", archive)).toMatchObject({ code: 0 });
  },
);

testNeeding(
  [linux, program("prlimit")],
  "a soft limit below a hard one that is enough is raised without a word",
  async () => {
    const { code, stderr } = await within("64:4096", "gather", world.dir.file("list"), "high.test/raised:1");
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).not.toContain("ulimit");
  },
);

test("connections are as many as the limit has room for, and one at least", () => {
  expect([1024, 128, 64, 40, 20].map((limit) => affordableConnections(25, limit))).toEqual([
    25, 25, 13, 5, 1,
  ]);
  expect(affordableConnections(1, Number.POSITIVE_INFINITY)).toBe(1);
});
