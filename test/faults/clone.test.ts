/** clone when a registry or its user gets in the way: what is under way ends at once, and the next run goes on. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { walkImage } from "../support/push.ts";
import { start, until } from "./running.ts";
import { openWorld, pushPlain, type World } from "./world.ts";

setDefaultTimeout(60_000);
const kib = 1024;
let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

test("Ctrl-C ends a clone with 130, no tag is set, and the next run sends only what is missing", async () => {
  const { image, layers } = await pushPlain(world, "stopped", [300 * kib, 400 * kib, 900 * kib]);
  const last = layers.at(-1)!.descriptor.digest;
  const list = world.dir.file("stopped.list");
  await Bun.write(list, "low.test/stopped:v1\n");
  world.lowProxy.setRules([{ path: new RegExp(`blobs/${last}`), stallAfter: 100 * kib }]);
  const args = ["mirror", "clone", list, "nest=high.test/clone"];
  const run = start(world, args);
  const to = "clone/low.test/stopped";
  await until("the other layers are there", async () => {
    const there = await Promise.all(
      layers.slice(0, -1).map(({ descriptor }) => world.hasBlob(world.high, to, descriptor.digest)),
    );
    return there.every((held) => held);
  });
  const ended = await run.stop("SIGINT");
  expect(ended).toMatchObject({ code: 130, left: [] });
  expect(await world.highHas(to, "v1")).toBe(false);
  world.lowProxy.setRules([]);
  const before = world.lowProxy.requests.length;
  expect(await world.run(args)).toMatchObject({ code: 0 });
  const read = world.lowProxy.requests
    .slice(before)
    .filter(({ method, path }) => method === "GET" && path.includes("/blobs/"));
  expect(read.map(({ path }) => path.replace(/.*\//, ""))).toEqual([last]);
  expect((await walkImage(world.high.origin, to, "v1")).root.digest).toBe(image.root.digest);
});

test("without --continue the first failure ends it, though another image never comes", async () => {
  const stuck = await pushPlain(world, "stuck", [500 * kib]);
  const refused = await pushPlain(world, "refused", [10 * kib]);
  const list = world.dir.file("first.list");
  await Bun.write(list, "low.test/stuck:v1\nlow.test/refused:v1\n");
  world.lowProxy.setRules([
    { path: new RegExp(`blobs/${stuck.layer.descriptor.digest}`), stallAfter: 100 * kib },
    { path: new RegExp(`blobs/${refused.layer.descriptor.digest}`), answer: { status: 403 }, delayMs: 300 },
  ]);
  const run = start(world, ["mirror", "clone", list, "nest=high.test/first"]);
  const ended = await run.ended();
  expect(ended).toMatchObject({ code: 4, left: [] });
  expect(ended.ms).toBeLessThan(15_000);
  expect(ended.stderr).toContain(
    "This ended the clone, at low.test/refused:v1 -> high.test/first/low.test/refused:v1.",
  );
  for (const name of ["stuck", "refused"])
    expect(await world.highHas(`first/low.test/${name}`, "v1")).toBe(false);
  world.lowProxy.setRules([]);
});

test("with --continue a destination that refuses costs only its own images", async () => {
  const one = await pushPlain(world, "one", [20 * kib]);
  const list = world.dir.file("refusing.list");
  await Bun.write(list, "low.test/one:v1\n");
  await Bun.write(world.dir.file("both.csv"), "low.test,high.test/both\nlow.test,nobody.test/both\n");
  const run = await world.run([
    "mirror",
    "clone",
    list,
    `all-prefix=${world.dir.file("both.csv")}`,
    "--continue",
  ]);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("Cannot clone 1 of 2 images\nlow.test/one:v1 -> nobody.test/both/one:v1: ");
  expect((await walkImage(world.high.origin, "both/one", "v1")).root.digest).toBe(one.image.root.digest);
});
