/** Every archive of the original goes into every registry: through a file, standard input and a pipe; what it lacks is said. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { isManifestType } from "../../src/oci/media-types.ts";
import { testNeeding } from "../support/needs.ts";
import { type OriginalImages, originalFile, readOriginal, tarEntries } from "../support/original.ts";
import { childrenOf, fetchManifest, walkImage } from "../support/push.ts";
import {
  embeddedRegistry,
  type RegistryKind,
  type RunningRegistry,
  registryKinds,
} from "../support/registries.ts";
import { type RunOptions, type RunResult, runBinary, runOk, writeConfig } from "../support/run-binary.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

setDefaultTimeout(60_000);

/** Archives that hold everything, and the digest of what they are about. */
const whole = [
  "serialize.tar",
  "serialize.tar.gz",
  "serialize.tar.zst",
  "serialize-manifest-json.tar",
  "batch/000001-tools.tar",
  "batch/000002-ops.tar",
];

/** A registry with a configuration that names it high.example.com. */
class High implements AsyncDisposable {
  private constructor(
    readonly registry: RunningRegistry,
    readonly dir: TempDir,
    readonly env: Record<string, string>,
  ) {}

  static async open(kind: RegistryKind): Promise<High> {
    const registry = await kind.start();
    const dir = await tempDir();
    const config = await writeConfig(dir.file("config.yaml"), { "high.example.com": registry.origin });
    return new High(registry, dir, { ACE_DT_CONFIG: config });
  }

  deserialize(
    source: string,
    image: string,
    flags: string[] = [],
    options: RunOptions = {},
  ): Promise<RunResult> {
    const { env } = this;
    return runBinary(["mirror", "deserialize", source, `high.example.com/${image}`, ...flags], {
      env,
      ...options,
    });
  }

  async deserializeOk(...args: Parameters<High["deserialize"]>): Promise<RunResult> {
    const result = await this.deserialize(...args);
    if (result.code !== 0)
      throw new Error(`deserialize ${args[0]} ended with ${result.code}: ${result.stderr}`);
    return result;
  }

  /** Everything of the images is there, under the tag, byte for byte. */
  async expectAll(repository: string, tag: string, images: OriginalImages): Promise<void> {
    const walked = await walkImage(this.registry.origin, repository, tag);
    expect(walked.root.digest).toBe(images.gathered.root.digest);
    const all = [...images.gathered.manifests, ...images.gathered.blobs].map(
      ({ descriptor }) => descriptor.digest,
    );
    expect([...walked.digests].sort()).toEqual(all.sort());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.registry[Symbol.asyncDispose]();
    await this.dir[Symbol.asyncDispose]();
  }
}

function repositoryFor(name: string, way = "file"): string {
  return `scatter/${way}/${name.replace("batch/", "").toLowerCase()}`;
}

/** The images of an archive, which may be compressed. */
async function imagesOf(name: string): Promise<OriginalImages> {
  return await readOriginal(name.replace(/\.(gz|zst)$/, ""));
}

for (const kind of registryKinds) {
  describe(`deserialize into ${kind.name}`, () => {
    let high: High;
    beforeAll(async () => {
      if (kind.need.absent === undefined) high = await High.open(kind);
    });
    afterAll(() => high?.[Symbol.asyncDispose]());

    for (const name of whole) {
      testNeeding([kind.need], `${name} arrives whole, in strict order`, async () => {
        const repository = repositoryFor(name);
        await high.deserializeOk(originalFile(name), `${repository}:here`, ["--strict"]);
        await high.expectAll(repository, "here", await imagesOf(name));
      });
    }

    testNeeding(
      [kind.need],
      "serialize-index-fallback.tar arrives with what its annotation names",
      async () => {
        await high.deserializeOk(originalFile("serialize-index-fallback.tar"), "scatter/fallback:here", [
          "--strict",
        ]);
        const entries = await tarEntries(originalFile("serialize-index-fallback.tar"));
        const { origin } = high.registry;
        const last = entries.get("index.json")?.[1] ?? new Uint8Array();
        const [root, ...manifests] = childrenOf(last);
        const tagged = await fetchManifest(origin, "scatter/fallback", "here");
        expect(root?.digest).toBe(tagged.descriptor.digest);
        expect(manifests).toHaveLength(7);
        const digests = new Set<string>();
        for (const { digest, mediaType } of [...(root === undefined ? [] : [root]), ...manifests]) {
          expect(isManifestType(mediaType)).toBe(true);
          for (const found of (await walkImage(origin, "scatter/fallback", digest)).digests)
            digests.add(found);
        }
        const blobs = [...entries.keys()].filter((name) => name.startsWith("blobs/sha256/"));
        expect([...digests].map((digest) => `blobs/${digest.replace(":", "/")}`).sort()).toEqual(
          blobs.sort(),
        );
      },
    );

    testNeeding([kind.need], "delta.tar completes what serialize.tar brought before", async () => {
      await high.deserializeOk(originalFile("serialize.tar"), "scatter/delta:sync-1");
      await high.deserializeOk(originalFile("delta.tar"), "scatter/delta:sync-2", ["--strict"]);
      await high.expectAll("scatter/delta", "sync-2", await readOriginal("batch/000002-ops.tar"));
      await high.expectAll("scatter/delta", "sync-1", await readOriginal());
    });

    for (const [at, order] of [
      ["serialize.tar", "part2.tar"],
      ["part2.tar", "serialize.tar"],
    ].entries()) {
      testNeeding([kind.need], `${order.join(" and ")} go in together with --parts`, async () => {
        const [first = "", second = ""] = order.map(originalFile);
        await high.deserializeOk(first, `scatter/parts-${at}:here`, ["--parts", second]);
        await high.expectAll(`scatter/parts-${at}`, "here", await readOriginal());
      });
    }

    testNeeding(
      [kind.need],
      "part2.tar completes a serialize.tar that was cut where its ledger says",
      async () => {
        const cut = high.dir.file("cut.tar");
        await Bun.write(cut, Bun.file(originalFile("serialize.tar")).slice(0, 28_161));
        await high.deserializeOk(cut, "scatter/cut:here", ["--parts", originalFile("part2.tar")]);
        await high.expectAll("scatter/cut", "here", await readOriginal());
      },
    );

    testNeeding(
      [kind.need],
      "delta.tar takes with --parts what serialize.tar has, and tags its own image",
      async () => {
        await high.deserializeOk(originalFile("delta.tar"), "scatter/delta-parts:sync-2", [
          "--parts",
          originalFile("serialize.tar"),
        ]);
        await high.expectAll("scatter/delta-parts", "sync-2", await readOriginal("batch/000002-ops.tar"));
      },
    );

    testNeeding(
      [kind.need],
      "part2.tar, which lacks even the root, is completed from the registry",
      async () => {
        await high.deserializeOk(originalFile("serialize.tar"), "scatter/part:sync-1");
        await high.deserializeOk(originalFile("part2.tar"), "scatter/part:sync-1-again");
        await high.expectAll("scatter/part", "sync-1-again", await readOriginal());
      },
    );
  });
}

describe("the ways in", () => {
  let high: High;
  beforeAll(async () => {
    high = await High.open(embeddedRegistry);
  });
  afterAll(() => high?.[Symbol.asyncDispose]());

  for (const name of whole) {
    test(`${name} comes through standard input`, async () => {
      const repository = repositoryFor(name, "stdin");
      const stdin = Bun.file(originalFile(name));
      await high.deserializeOk("-", `${repository}:here`, ["--strict"], { stdin });
      await high.expectAll(repository, "here", await imagesOf(name));
    });

    test(`${name} comes through a named pipe, in small pieces`, async () => {
      const repository = repositoryFor(name, "pipe");
      const pipe = high.dir.file(`${repository.replaceAll("/", "-")}.pipe`);
      const feed = `mkfifo "${pipe}"; { dd if="${originalFile(name)}" bs=997 status=none > "${pipe}" & } ; exec "$0" "$@"`;
      await high.deserializeOk(pipe, `${repository}:here`, ["--strict"], { wrapper: ["sh", "-c", feed] });
      await high.expectAll(repository, "here", await imagesOf(name));
    });
  }

  for (const name of whole) {
    test(`${name} is found good with --dry-run, and nothing is pushed`, async () => {
      const repository = repositoryFor(name, "dry");
      await high.deserializeOk(originalFile(name), `${repository}:here`, ["--dry-run", "--strict"]);
      const tags = await fetch(`${high.registry.origin}/v2/${repository}/tags/list`);
      expect(tags.status).toBe(404);
    });
  }
});

describe("a part that lacks something", () => {
  let high: High;
  beforeAll(async () => {
    high = await High.open(embeddedRegistry);
  });
  afterAll(() => high?.[Symbol.asyncDispose]());

  test("part2.tar alone fails, names all that is missing, and tags nothing", async () => {
    const result = await high.deserialize(originalFile("part2.tar"), "alone/part2:here");
    expect(result.code).toBe(6);
    const { gathered } = await readOriginal();
    expect(result.stderr).toContain(gathered.root.digest);
    const part = new Set((await tarEntries(originalFile("part2.tar"))).keys());
    for (const { descriptor } of gathered.manifests) {
      const inPart = part.has(`blobs/${descriptor.digest.replace(":", "/")}`);
      expect(result.stderr.includes(descriptor.digest)).toBe(!inPart);
    }
    const tag = await fetch(`${high.registry.origin}/v2/alone/part2/manifests/here`);
    expect(tag.status).toBe(404);
  });

  test("delta.tar alone fails, and lists each missing blob with the image it is of", async () => {
    const result = await high.deserialize(originalFile("delta.tar"), "alone/delta:here");
    expect(result.code).toBe(6);
    const { gathered } = await readOriginal("batch/000002-ops.tar");
    for (const { descriptor } of gathered.blobs) expect(result.stderr).toContain(descriptor.digest);
    expect(result.stderr).toContain("reg.example.com/library/tool:v1");
  });

  test("part2.tar is refused with --strict, for the root must come first", async () => {
    const result = await high.deserialize(originalFile("part2.tar"), "alone/strict:here", ["--strict"]);
    expect(result.code).toBe(6);
    expect(result.stderr).toContain("the first blob must be the root");
  });

  describe("an archive that was cut brings what it holds, and the next part completes it", () => {
    const second = () => high.dir.file("part-2.tar");
    beforeAll(async () => {
      await high.deserializeOk(originalFile("serialize.tar"), "low/all:sync-1");
      const checkpoint = `${originalFile("serialize.ledger")}:28161`;
      const args = ["high.example.com/low/all:sync-1", second(), "--existing-from-checkpoint", checkpoint];
      await runOk(["mirror", "serialize", ...args], { env: high.env });
    });
    const cuts = [
      [28_160, "between two entries"],
      [28_300, "in a header"],
      [29_000, "in a manifest"],
      [32_000, "in a blob"],
      [46_000, "in the last index.json"],
      [47_104, "before its end marker"],
    ] as const;
    for (const [bytes, where] of cuts) {
      for (const way of ["a file", "standard input"] as const) {
        test(`${where}, from ${way}`, async () => {
          // As a failed run leaves it: good up to some byte, without an end.
          const first = high.dir.file(`part-1-${bytes}.tar`);
          await Bun.write(first, (await Bun.file(originalFile("serialize.tar")).bytes()).subarray(0, bytes));
          const image = `parts/${way.replace(" ", "-")}-${bytes}:sync-1`;
          const cut =
            way === "a file"
              ? await high.deserialize(first, image)
              : await high.deserialize("-", image, [], { stdin: Bun.file(first) });
          expect(cut.code).toBe(6);
          expect(cut.stderr).toContain("incomplete");
          expect(cut.stderr).toMatch(/\d+ of its blobs are in high.example.com\/parts/);
          const [repository = "", tag = ""] = image.split(":");
          const { origin } = high.registry;
          expect((await fetch(`${origin}/v2/${repository}/manifests/${tag}`)).status).toBe(404);
          await high.deserializeOk(second(), image, ["--strict"]);
          await high.expectAll(repository, tag, await readOriginal());
        });
      }
    }
  });
});
