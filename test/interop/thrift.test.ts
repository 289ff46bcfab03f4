/** What the verbs cost a registry: mounts instead of copies, one reading for many destinations, next to nothing the second time. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { testNeeding } from "../support/needs.ts";
import { walkImage } from "../support/push.ts";
import { dockerRegistry, embeddedRegistry } from "../support/registries.ts";
import { isBlob, isBlobRead, isMount, isUpload, lines, placed, World } from "./counting-world.ts";

setDefaultTimeout(60_000);

for (const kind of [dockerRegistry, embeddedRegistry]) {
  describe(`inside one registry (${kind.name})`, () => {
    let world: World;
    beforeAll(async () => {
      if (kind.need.absent === undefined) world = await World.open([kind]);
    });
    afterAll(() => world?.[Symbol.asyncDispose]());

    testNeeding([kind.need], "gather mounts every blob and moves none", async () => {
      const { asked } = await world.run("gather", "sources.list", "reg.example.com/gather:sync-1");
      const [requests = []] = asked;
      expect(lines(requests.filter(isBlobRead))).toEqual([]);
      expect(lines(requests.filter(isUpload))).toEqual([]);
      const blobs = new Set(
        placed.flatMap(({ artifact }) => artifact.blobs.map(({ descriptor }) => descriptor.digest)),
      );
      expect(requests.filter(isMount)).toHaveLength(blobs.size);
      for (const { artifact } of placed)
        await walkImage(world.registries[0]?.origin ?? "", "gather", artifact.root.digest);
    });

    testNeeding([kind.need], "a second gather asks once for each source, and little more", async () => {
      const { asked } = await world.run("gather", "sources.list", "reg.example.com/gather:sync-1");
      const [requests = []] = asked;
      expect(lines(requests.filter(isBlob))).toEqual([]);
      for (const { repository, tag } of placed) {
        const own = requests.filter(({ path }) => path.startsWith(`/v2/${repository}/`));
        expect(lines(own)).toEqual([`HEAD /v2/${repository}/manifests/${tag}`]);
      }
      expect(requests.length).toBeLessThanOrEqual(placed.length + 4);
    });

    testNeeding([kind.need], "scatter mounts every blob and moves none", async () => {
      const { asked } = await world.run(
        "scatter",
        "reg.example.com/gather:sync-1",
        "nest=reg.example.com/mirror",
      );
      const [requests = []] = asked;
      expect(lines(requests.filter(isBlobRead))).toEqual([]);
      expect(lines(requests.filter(isUpload))).toEqual([]);
      expect(requests.filter(isMount).length).toBeGreaterThan(0);
      for (const { repository, tag, artifact } of placed) {
        const nested = `mirror/reg.example.com/${repository}`;
        const walked = await walkImage(world.registries[0]?.origin ?? "", nested, tag);
        expect(walked.root.digest).toBe(artifact.root.digest);
      }
    });

    testNeeding([kind.need], "a second scatter asks for no blob", async () => {
      const { asked } = await world.run(
        "scatter",
        "reg.example.com/gather:sync-1",
        "nest=reg.example.com/mirror",
      );
      expect(lines(asked[0]?.filter(isBlob) ?? [])).toEqual([]);
    });
  });
}

describe("between registries", () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open([embeddedRegistry, embeddedRegistry, embeddedRegistry]);
    await world.run("gather", "sources.list", "reg.example.com/gather:sync-1");
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  test("scatter reads each blob once for four destinations in two registries", async () => {
    const rows = ["a.example.com/one", "a.example.com/two", "b.example.com/one", "b.example.com/two"];
    await Bun.write(world.dir.file("map.csv"), rows.map((to) => `reg.example.com,${to}\n`).join(""));
    const { asked } = await world.run("scatter", "reg.example.com/gather:sync-1", "all-prefix=map.csv");
    const [source = [], ...destinations] = asked;
    const reads = source.filter(isBlobRead).map(({ path }) => path.replace(/.*\//, ""));
    const blobs = new Set(
      placed.flatMap(({ artifact }) => artifact.blobs.map(({ descriptor }) => descriptor.digest)),
    );
    expect(reads.sort()).toEqual([...blobs].sort());
    for (const requests of destinations) {
      const uploads = requests.filter(
        ({ method, path }) => method === "PUT" && path.includes("/blobs/uploads/"),
      );
      // One upload a blob and registry; all the rest is mounted.
      expect(uploads).toHaveLength(blobs.size);
    }
    for (const [at, registry] of world.registries.slice(1).entries()) {
      for (const way of ["one", "two"]) {
        for (const { repository, tag, artifact } of placed) {
          const walked = await walkImage(registry.origin, `${way}/${repository}`, tag);
          expect([at, way, walked.root.digest]).toEqual([at, way, artifact.root.digest]);
        }
      }
    }
  });

  test("gather from elsewhere reads each blob once, though images share layers", async () => {
    const { asked } = await world.run("gather", "sources.list", "a.example.com/gathered:sync-1");
    const reads = (asked[0] ?? []).filter(isBlobRead).map(({ path }) => path.replace(/.*\//, ""));
    expect(new Set(reads).size).toBe(reads.length);
    const again = await world.run("gather", "sources.list", "a.example.com/gathered:sync-1");
    expect(lines(again.asked.flat().filter(isBlob))).toEqual([]);
    expect(again.asked[0]).toHaveLength(placed.length);
    expect(again.asked[1]?.length).toBeLessThanOrEqual(3);
  });

  test("serialize reads each blob once, deserialize asks once for each and uploads what is missing", async () => {
    const read = await world.run("serialize", "reg.example.com/gather:sync-1", "sync-1.tar");
    const reads = (read.asked[0] ?? []).filter(isBlobRead).map(({ path }) => path.replace(/.*\//, ""));
    const blobs = new Set(
      placed.flatMap(({ artifact }) => artifact.blobs.map(({ descriptor }) => descriptor.digest)),
    );
    expect(reads.sort()).toEqual([...blobs].sort());
    const first = await world.run("deserialize", "sync-1.tar", "b.example.com/scatter:sync-1");
    const uploads = (first.asked[2] ?? []).filter(
      ({ method, path }) => method === "PUT" && path.includes("/blobs/uploads/"),
    );
    expect(uploads).toHaveLength(blobs.size);
    const second = await world.run("deserialize", "sync-1.tar", "b.example.com/scatter:sync-1");
    const asked = second.asked[2] ?? [];
    expect(lines(asked.filter(isBlob)).sort()).toEqual(
      [...blobs].map((digest) => `HEAD /v2/scatter/blobs/${digest}`).sort(),
    );
    expect(lines(asked.filter(({ method }) => method === "PUT"))).toEqual([
      "PUT /v2/scatter/manifests/sync-1",
    ]);
  });
});
