/** clone from one registry to itself, to docker-registry and to ours: what it says it will do, what it does, and what that costs. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from "bun:test";
import type { Artifact } from "../support/images.ts";
import { testNeeding } from "../support/needs.ts";
import { pushArtifact, walkImage } from "../support/push.ts";
import { dockerRegistry, embeddedRegistry } from "../support/registries.ts";
import type { PlacedArtifact } from "../support/standard-images.ts";
import { isBlob, isBlobRead, isMount, isUpload, lines, placed, World } from "./counting-world.ts";

setDefaultTimeout(60_000);

/** Two places in docker-registry, two in an embedded registry, one in the source's own. */
const ways = [
  "a.example.com/one",
  "a.example.com/two",
  "b.example.com/one",
  "b.example.com/two",
  "reg.example.com/own",
];
const blobs = new Map(
  placed.flatMap(({ artifact }) =>
    artifact.blobs.map(({ descriptor }) => [descriptor.digest, descriptor.size]),
  ),
);

/** What `--check` has to say of an image at a place that has nothing yet. */
function rowOf({ repository, tag, artifact }: PlacedArtifact, way: string, bytes: number) {
  return {
    source: `reg.example.com/${repository}:${tag}`,
    destination: `${way}/${repository}:${tag}`,
    digest: artifact.root.digest,
    bytes,
    there: false,
    problem: null as string | null,
  };
}

function sum(contents: Artifact["blobs"]): number {
  return contents.reduce((total, { descriptor }) => total + descriptor.size, 0);
}

/** Manifests move to every repository, blobs once to each registry but the source's. */
function expectedRows() {
  const taken = new Set<string>();
  const rows = placed.flatMap((image) =>
    ways.map((way) => {
      const registry = way.replace(/\/.*/, "");
      const moving = image.artifact.blobs.filter(({ descriptor }) => {
        const key = `${registry} ${descriptor.digest}`;
        const moves = registry !== "reg.example.com" && !taken.has(key);
        taken.add(key);
        return moves;
      });
      return rowOf(image, way, sum(image.artifact.manifests) + sum(moving));
    }),
  );
  return rows.sort((a, b) => (`${a.source} ${a.destination}` < `${b.source} ${b.destination}` ? -1 : 1));
}

/** Exactly what is printed, keys sorted. */
function json(rows: readonly object[]): string {
  const sorted = rows.map((row) =>
    Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
  return `${JSON.stringify(sorted)}\n`;
}

function csv(rows: readonly ReturnType<typeof rowOf>[]): string {
  const text = rows.map((row) =>
    [row.source, row.destination, row.digest, row.bytes, row.there, row.problem ?? ""].join(","),
  );
  return `source,destination,digest,bytes,there,problem\n${text.join("\n")}\n`;
}

describe("from one registry to itself, to docker-registry and to ours", () => {
  const needs = [dockerRegistry.need];
  let world: World;
  beforeAll(async () => {
    if (dockerRegistry.need.absent !== undefined) return;
    world = await World.open([embeddedRegistry, dockerRegistry, embeddedRegistry]);
    const rows = ways.map((to) => `reg.example.com,${to}\n`).join("");
    await Bun.write(world.dir.file("map.csv"), rows);
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  testNeeding(
    needs,
    "--check prints every row with the bytes that would move, and pushes nothing",
    async () => {
      const args = ["clone", "sources.list", "all-prefix=map.csv", "--check"];
      const { asked, stdout } = await world.run(...args, "-o", "json", "-o", "csv=rows.csv,table=rows.txt");
      expect(stdout).toBe(json(expectedRows()));
      expect(await Bun.file(world.dir.file("rows.csv")).text()).toBe(csv(expectedRows()));
      const table = (await Bun.file(world.dir.file("rows.txt")).text()).trimEnd().split("\n");
      expect(table).toHaveLength(1 + placed.length * ways.length);
      expect(table[0]).toMatch(/^SOURCE +DESTINATION +DIGEST +TO MOVE +THERE$/);
      expect(asked.flat().filter(({ method }) => method !== "GET" && method !== "HEAD")).toEqual([]);
      expect(asked.flat().filter(isBlobRead)).toEqual([]);
      // By default it is the table.
      expect((await world.run(...args)).stdout).toBe(`${table.join("\n")}\n`);
      expect((await world.run(...args, "-q")).stdout).toBe("");
    },
  );

  testNeeding(
    needs,
    "reads each blob once, sends it once to each registry, and mounts all the rest",
    async () => {
      const { asked } = await world.run("clone", "sources.list", "all-prefix=map.csv");
      const [own = [], docker = [], embedded = []] = asked;
      const reads = own.filter(isBlobRead).map(({ path }) => path.replace(/.*\//, ""));
      expect(reads.sort()).toEqual([...blobs.keys()].sort());
      expect(lines(own.filter(isUpload))).toEqual([]);
      expect(own.filter(isMount)).toHaveLength(mountsOf(1));
      for (const requests of [docker, embedded]) {
        expect(
          requests.filter(({ method, path }) => method === "PUT" && path.includes("/uploads/")),
        ).toHaveLength(blobs.size);
        expect(requests.filter(isMount)).toHaveLength(mountsOf(2) - blobs.size);
        const sent = requests.filter(isUpload).reduce((bytes, request) => bytes + request.bodyBytes, 0);
        expect(sent).toBe([...blobs.values()].reduce((total, size) => total + size, 0));
      }
      await expectWhole(placed);
    },
  );

  testNeeding(
    needs,
    "a second run moves nothing and costs one request a source, and one a manifest at each place",
    async () => {
      const { asked } = await world.run("clone", "sources.list", "all-prefix=map.csv");
      expect(lines(asked.flat().filter(isBlob))).toEqual([]);
      expect(asked.flat().filter(({ method }) => method !== "GET" && method !== "HEAD")).toEqual([]);
      const atSources = (asked[0] ?? []).filter(({ path }) => !path.startsWith("/v2/own/"));
      expect(lines(atSources).sort()).toEqual(
        placed.map(({ repository, tag }) => `HEAD /v2/${repository}/manifests/${tag}`).sort(),
      );
      const manifests = placed.reduce((total, { artifact }) => total + artifact.manifests.length, 0);
      expect(asked[1]).toHaveLength(2 * manifests);
    },
  );

  testNeeding(needs, "--check says then that all is there", async () => {
    const { stdout } = await world.run(
      "clone",
      "sources.list",
      "all-prefix=map.csv",
      "--check",
      "-o",
      "json",
    );
    expect(stdout).toBe(json(expectedRows().map((row) => ({ ...row, bytes: 0, there: true }))));
  });

  testNeeding(needs, "an index whose child is gone is completed again, though its tag is right", async () => {
    const multi = placed.find(({ repository }) => repository === "library/multi")!;
    const child = multi.artifact.manifests[0]!.descriptor;
    const url = `${world.registries[2]?.origin}/v2/one/library/multi/manifests/${child.digest}`;
    expect((await fetch(url, { method: "DELETE" })).status).toBe(202);
    const check = await world.run("clone", "sources.list", "all-prefix=map.csv", "--check", "-o", "json");
    const rows = JSON.parse(check.stdout) as ReturnType<typeof rowOf>[];
    expect(rows.filter(({ bytes }) => bytes > 0)).toMatchObject([
      { destination: "b.example.com/one/library/multi:v2", bytes: child.size, there: true },
    ]);
    await world.run("clone", "sources.list", "all-prefix=map.csv");
    expect((await fetch(url)).status).toBe(200);
    await expectWhole([multi]);
  });

  testNeeding(needs, "a moved tag is moved back, and only its manifest is sent", async () => {
    const [base, tool] = placed;
    const { origin } = world.registries[1]!;
    await pushArtifact(origin, "one/library/base", tool!.artifact, "v3");
    const args = ["clone", "sources.list", "all-prefix=map.csv", "-l", "component=core,tier!=base"];
    const rows = JSON.parse((await world.run(...args, "--check", "-o", "json")).stdout) as ReturnType<
      typeof rowOf
    >[];
    expect(rows.filter(({ there }) => !there)).toMatchObject([
      { destination: "a.example.com/one/library/base:v3", bytes: 0 },
    ]);
    const { asked } = await world.run(...args);
    expect(lines(asked.flat().filter(({ method }) => method === "PUT"))).toEqual([
      "PUT /v2/one/library/base/manifests/v3",
    ]);
    expect((await walkImage(origin, "one/library/base", "v3")).root.digest).toBe(base!.artifact.root.digest);
  });

  testNeeding(needs, "-r brings what refers to the images, and --check counts it", async () => {
    const tool = placed.find(({ referrers }) => referrers.length > 0)!;
    const sbom = tool.referrers[0]!;
    const args = ["clone", "sources.list", "nest=b.example.com/referred", "-r", "-l", "tier=base"];
    const [row] = JSON.parse((await world.run(...args, "--check", "-o", "json")).stdout) as ReturnType<
      typeof rowOf
    >[];
    // The layers and the config are in that registry by now; the empty config of the SBOM may be.
    const known = new Set(blobs.keys());
    const moving = sbom.blobs.filter(({ descriptor }) => !known.has(descriptor.digest));
    const least = sum(tool.artifact.manifests) + sum(sbom.manifests) + sum(moving);
    expect(row?.bytes).toBeGreaterThanOrEqual(least);
    await world.run(...args);
    const { origin } = world.registries[2]!;
    await walkImage(origin, "referred/reg.example.com/library/tool", sbom.root.digest);
    const again = JSON.parse((await world.run(...args, "--check", "-o", "json")).stdout) as ReturnType<
      typeof rowOf
    >[];
    expect(again).toMatchObject([{ bytes: 0, there: true }]);
  });

  async function expectWhole(images: readonly PlacedArtifact[]): Promise<void> {
    for (const way of ways) {
      const at = ["reg.example.com", "a.example.com", "b.example.com"].indexOf(way.replace(/\/.*/, ""));
      for (const { repository, tag, artifact } of images) {
        const path = `${way.replace(/^[^/]*\//, "")}/${repository}`;
        const walked = await walkImage(world.registries[at]?.origin ?? "", path, tag);
        expect([way, repository, walked.root.digest]).toEqual([way, repository, artifact.root.digest]);
      }
    }
  }

  /** Blobs over all repositories of so many ways in one registry. */
  function mountsOf(count: number): number {
    const each = placed.map(
      ({ artifact }) => new Set(artifact.blobs.map(({ descriptor }) => descriptor.digest)).size,
    );
    return count * each.reduce((total, size) => total + size, 0);
  }
});
