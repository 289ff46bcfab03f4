/** clone, scatter and --check when something is wrong; and clone of one image that has several sources, or only some platforms. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { pushArtifact, walkImage } from "../support/push.ts";
import { embeddedRegistry } from "../support/registries.ts";
import { lines, placed, World } from "./counting-world.ts";

setDefaultTimeout(60_000);

describe("what is wrong is said", () => {
  let world: World;
  beforeAll(async () => {
    world = await World.open([embeddedRegistry, embeddedRegistry]);
    await Bun.write(
      world.dir.file("broken.list"),
      "reg.example.com/library/base:v3\nreg.example.com/library/none:v1\nreg.example.com/charts/app:0.1.0\n",
    );
    await Bun.write(
      world.dir.file("bad.csv"),
      "reg.example.com/library,a.example.com/ok\nreg.example.com/charts,a.example.com/UPPER\nreg.example.com/data,no where\n",
    );
  });
  afterAll(() => world?.[Symbol.asyncDispose]());
  const nothing = ({ method }: { method: string }) => method !== "GET" && method !== "HEAD";

  test("a source that is not there ends the run before anything is pushed", async () => {
    const run = await world.try("clone", "broken.list", "nest=a.example.com/first");
    expect(run.code).toBe(5);
    expect(run.stderr).toContain("reg.example.com/library/none:v1");
    expect(run.stderr).toContain("--continue");
    expect(lines((run.asked[1] ?? []).filter(nothing))).toEqual([]);
  });

  test("with --continue the others are done, and the list of failures comes with 1", async () => {
    const run = await world.try("clone", "broken.list", "nest=a.example.com/on", "--continue");
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("Cannot clone 1 of 3 images\nreg.example.com/library/none:v1: ");
    for (const [path, tag] of [
      ["library/base", "v3"],
      ["charts/app", "0.1.0"],
    ])
      await walkImage(world.registries[1]!.origin, `on/reg.example.com/${path}`, tag!);
  });

  test("with --continue it is 1 also when none is done", async () => {
    await Bun.write(world.dir.file("none.list"), "reg.example.com/library/none:v1\n");
    expect(await world.try("clone", "none.list", "nest=a.example.com/on", "--continue")).toMatchObject({
      code: 1,
    });
  });

  test("--check has a row for every source and destination that is wrong, and ends with their class", async () => {
    const run = await world.try("clone", "broken.list", "nest=a.example.com/first", "--check", "-o", "json");
    expect(run.code).toBe(5);
    const rows = JSON.parse(run.stdout) as { problem: string | null }[];
    expect(rows).toMatchObject([
      { source: "reg.example.com/charts/app:0.1.0", there: false, problem: null },
      { source: "reg.example.com/library/base:v3", there: false, problem: null },
      { source: "reg.example.com/library/none:v1", destination: "", digest: null, bytes: null, there: false },
    ]);
    expect(rows[2]?.problem).toContain("no such thing");
    expect(run.stderr).toContain("1 of 3 rows");
  });

  for (const verb of ["clone sources.list", "scatter reg.example.com/gather:sync-1"]) {
    test(`${verb}: destinations that are no references are one error before anything is pushed, and rows with --check`, async () => {
      await world.run("gather", "sources.list", "reg.example.com/gather:sync-1");
      const args = [...verb.split(" "), "first-prefix=bad.csv"];
      const run = await world.try(...args);
      expect(run.code).toBe(3);
      expect(run.stderr).toContain("the mapper makes 2 destinations");
      expect(run.stderr).toContain("-> no where/model:2026-11: ");
      expect(lines((run.asked[1] ?? []).filter(nothing))).toEqual([]);
      const check = await world.try(...args, "--check", "-o", "csv");
      expect(check.code).toBe(3);
      const fields = check.stdout.split("\n").map((line) => line.split(","));
      expect(fields.filter((row) => (row[5] ?? "") !== "").map((row) => row[1])).toEqual([
        "destination",
        "a.example.com/UPPER/app:0.1.0",
        "no where/model:2026-11",
      ]);
      // The others are looked at all the same.
      expect(fields.filter((row) => row[4] === "false" && Number(row[3]) > 0)).toHaveLength(5);
      expect(lines((check.asked[1] ?? []).filter(nothing))).toEqual([]);
    });
  }

  test("two images for one tag are a row of --check too", async () => {
    await Bun.write(
      world.dir.file("one.csv"),
      "reg.example.com/library/base:v3,a.example.com/x:1\nreg.example.com/library/tool:v1,a.example.com/x:1\n",
    );
    const check = await world.try("clone", "sources.list", "first-prefix=one.csv", "--check", "-o", "csv");
    expect(check.code).toBe(3);
    expect(check.stdout).toContain("reg.example.com/library/base:v3 goes there too, and is another image");
  });

  test("-o without --check, or of a kind that there is not, is wrong usage", async () => {
    for (const flags of [
      ["-o", "csv"],
      ["--check", "-o", "yaml"],
      ["--check", "--output=csv="],
    ]) {
      expect(await world.try("clone", "sources.list", "nest=a.example.com/x", ...flags)).toMatchObject({
        code: 2,
      });
    }
  });

  test("scatter --subset takes only those, and says which of them IMAGE does not have", async () => {
    await world.run("gather", "sources.list", "reg.example.com/gather:sync-1");
    await Bun.write(
      world.dir.file("subset.list"),
      "reg.example.com/library/base:v3\nreg.example.com/gone:1\n",
    );
    const args = [
      "scatter",
      "reg.example.com/gather:sync-1",
      "nest=a.example.com/sub",
      "--subset",
      "subset.list",
    ];
    const check = await world.try(...args, "--check", "-o", "csv");
    expect(check.code).toBe(0);
    expect(check.stdout.trimEnd().split("\n")).toHaveLength(2);
    const run = await world.try(...args);
    expect(run.code).toBe(0);
    expect(run.stderr).toContain(
      "reg.example.com/gather:sync-1 has no reg.example.com/gone:1, which the subset names",
    );
    expect(
      new Set((run.asked[1] ?? []).map(({ path }) => path.replace(/\/(blobs|manifests)\/.*/, ""))),
    ).toEqual(new Set(["/v2/sub/reg.example.com/library/base"]));
  });
});

describe("one image of several sources", () => {
  // Where the second copy goes; the first goes to b.example.com/x:1, and its source cannot give a layer.
  for (const [way, to, path] of [
    ["in the same repository", "b.example.com/x:2", "x"],
    ["in another repository of that registry", "b.example.com/y:2", "y"],
    ["in another registry", "c.example.com/y:2", "y"],
    ["in the registry that cannot give it, nor mount it", "reg.example.com/y:2", "y"],
  ] as const) {
    test(`a layer that one source cannot give comes from the other, ${way}`, async () => {
      const kinds = Array.from({ length: 4 }, () => embeddedRegistry);
      await using world = await World.open(kinds);
      const { artifact } = placed[0]!;
      await pushArtifact(world.registries[1]!.origin, "copy/base", artifact, "v3");
      const broken = artifact.blobs.at(-1)!.descriptor.digest;
      world.doors[0]!.setRules([
        { method: "GET", path: new RegExp(`blobs/${broken}`), answer: { status: 404 } },
        { method: "POST", path: /mount=/, answer: { status: 404 } },
      ]);
      const map = `reg.example.com/library/base:v3,b.example.com/x:1\na.example.com/copy/base:v3,${to}\n`;
      await Bun.write(world.dir.file("two.csv"), map);
      await Bun.write(world.dir.file("two.list"), map.replaceAll(/,.*/g, ""));
      const run = await world.try("clone", "two.list", "first-prefix=two.csv", "--continue");
      expect(run.stderr).not.toContain("a.example.com/copy/base:v3 ->");
      const at = ["reg", "a", "b", "c"].indexOf(to.replace(/\..*/, ""));
      const walked = await walkImage(world.registries[at]!.origin, path, "2");
      expect(walked.root.digest).toBe(artifact.root.digest);
    });
  }

  test("-p makes what gather would make of it, in each mode", async () => {
    await using world = await World.open([embeddedRegistry, embeddedRegistry]);
    await Bun.write(world.dir.file("multi.list"), "reg.example.com/library/multi:v2\n");
    const digestAt = async (repository: string) => {
      const headers = {
        accept: "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json",
      };
      const answer = await fetch(`${world.registries[1]!.origin}/v2/${repository}/manifests/v2`, { headers });
      return answer.headers.get("docker-content-digest");
    };
    for (const mode of ["original", "rebuild"]) {
      const flags = ["-p", "linux/amd64", "--platform-mode", mode];
      await world.run("clone", "multi.list", `nest=a.example.com/${mode}`, ...flags);
      await world.run("gather", "multi.list", `a.example.com/gather:${mode}`, ...flags);
      await world.run("scatter", `a.example.com/gather:${mode}`, `nest=a.example.com/by-gather/${mode}`);
      const cloned = await digestAt(`${mode}/reg.example.com/library/multi`);
      expect(cloned).toStartWith("sha256:");
      expect(cloned).toBe(await digestAt(`by-gather/${mode}/reg.example.com/library/multi`));
    }
  });
});
