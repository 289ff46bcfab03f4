/** Archives and indexes of the original tool and ours, through the binary: what it wrote we read, and what it wrote we write. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { ociImageIndex } from "../../src/oci/media-types.ts";
import {
  originalFile,
  pushOriginalGathered,
  pushOriginalSources,
  readOriginal,
  tarEntries,
} from "../support/original.ts";
import { childrenOf, fetchManifest, pushArtifact, putManifest, walkImage } from "../support/push.ts";
import { type RunningRegistry, startEmbedded } from "../support/registries.ts";
import { runOk, writeConfig } from "../support/run-binary.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { headerWithoutSize, type TarPart, tarParts } from "./tar-blocks.ts";

setDefaultTimeout(60_000);

const gathered = "mirror.example.com/low/all";
let registry: RunningRegistry;
let dir: TempDir;
let env: Record<string, string>;

beforeAll(async () => {
  registry = await startEmbedded();
  dir = await tempDir();
  const config = await writeConfig(dir.file("config.yaml"), {
    "reg.example.com": registry.origin,
    "mirror.example.com": registry.origin,
  });
  env = { ACE_DT_CONFIG: config };
  await pushOriginalSources(registry.origin);
  await pushOriginalGathered(registry.origin, "low/all", "sync-1");
  const second = await readOriginal("batch/000002-ops.tar");
  await pushArtifact(registry.origin, "low/all", second.gathered, "sync-2");
});
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  await dir?.[Symbol.asyncDispose]();
});

/** The version is the one thing that may differ: ours is put back to the original's. */
function withOriginalVersion(text: string): string {
  return text.replace(/("vnd\.act3-ace\.data\.version": ?)"[^"]*"/, '$1"(devel)"');
}

async function gather(list: string, repository: string, ...flags: string[]): Promise<string> {
  await runOk(["mirror", "gather", originalFile(list), `mirror.example.com/${repository}:new`, ...flags], {
    env,
  });
  const index = await fetchManifest(registry.origin, repository, "new");
  expect(index.descriptor.mediaType).toBe(ociImageIndex);
  await walkImage(registry.origin, repository, "new");
  return Buffer.from(index.bytes).toString();
}

describe("mirror gather", () => {
  test("pushes the index that the original pushed, byte for byte but for the version", async () => {
    const index = await gather("sources.list", "gathered/plain", "-a", "team=blue");
    expect(withOriginalVersion(index)).toBe(await Bun.file(originalFile("gather-index.json")).text());
    expect(index).not.toContain("(devel)");
  });

  test("puts nested indexes aside as the original does, with --index-fallback", async () => {
    const index = await gather("sources.list", "gathered/fallback", "--index-fallback");
    expect(withOriginalVersion(index)).toBe(
      await Bun.file(originalFile("gather-index-fallback.json")).text(),
    );
    const extra: Descriptor[] = JSON.parse(
      JSON.parse(index).annotations["vnd.act3-ace.data.extra-manifests"],
    );
    expect(extra).toHaveLength(1);
    for (const { digest } of extra) await walkImage(registry.origin, "gathered/fallback", digest);
  });

  test("takes one platform as the original does, with -p", async () => {
    const index = await gather("sources.list", "gathered/platform", "-p", "linux/amd64");
    expect(withOriginalVersion(index)).toBe(
      await Bun.file(originalFile("gather-index-platform.json")).text(),
    );
  });

  test("keeps every one of several platforms", async () => {
    for (const platforms of [
      ["-p", "linux/amd64,linux/arm64"],
      ["-p", "linux/amd64", "-p", "linux/arm64/v8"],
    ]) {
      const index = await gather("sources.list", "gathered/platforms", ...platforms);
      const multi = childrenOf(Buffer.from(index)).filter((child) =>
        child.annotations?.["vnd.act3-ace.manifest.source"]?.endsWith("/multi:v2"),
      );
      expect(multi.map((child) => child.platform)).toEqual([
        { architecture: "amd64", os: "linux" },
        { architecture: "arm64", os: "linux", variant: "v8" },
      ]);
    }
  });

  test("gathers the second list as the original did", async () => {
    const index = await gather("sources-2.list", "gathered/second");
    const entries = await tarEntries(originalFile("delta.tar"));
    const root = childrenOf(entries.get("index.json")?.[0] ?? new Uint8Array())[0];
    const original = entries.get(`blobs/${root?.digest.replace(":", "/")}`)?.[0];
    expect(withOriginalVersion(index)).toBe(Buffer.from(original ?? []).toString());
  });
});

/** Serializes, and takes the result apart. */
async function serialize(tag: string, name: string, ...more: string[]): Promise<TarPart[]> {
  await runOk(["mirror", "serialize", `${gathered}:${tag}`, dir.file(name), ...more], { env });
  return tarParts(await Bun.file(dir.file(name)).bytes());
}

async function originalParts(name: string): Promise<TarPart[]> {
  return tarParts(await Bun.file(originalFile(name)).bytes());
}

/** Same entries in the same order, headers and bodies to the byte; of the files that carry the version, the size may differ with it. */
function expectSameArchive(ours: readonly TarPart[], original: readonly TarPart[]): void {
  expect(ours.map(({ name }) => name)).toEqual(original.map(({ name }) => name));
  for (const [at, part] of ours.entries()) {
    const other = original[at];
    if (other === undefined) continue;
    const text = Buffer.from(other.body).toString("latin1");
    if (part.name === "index.json") {
      expect(withOriginalVersion(Buffer.from(part.body).toString("latin1"))).toBe(text);
      expect(headerWithoutSize(part.header)).toBe(headerWithoutSize(other.header));
    } else {
      expect(Buffer.from(part.body).toString("latin1")).toBe(text);
      expect(Buffer.from(part.header).toString("latin1")).toBe(Buffer.from(other.header).toString("latin1"));
    }
  }
}

/** How much later everything behind the first index.json comes, for its version is longer or shorter. */
function shiftOf(ours: readonly TarPart[], original: readonly TarPart[]): number {
  return (ours[1]?.end ?? 0) - (original[1]?.end ?? 0);
}

describe("mirror serialize", () => {
  test("writes the archive and the ledger that the original wrote", async () => {
    const ours = await serialize("sync-1", "plain.tar", "--checkpoint", dir.file("plain.ledger"));
    const original = await originalParts("serialize.tar");
    expectSameArchive(ours, original);
    const shift = shiftOf(ours, original);
    const expected = (await Bun.file(originalFile("serialize.ledger")).text()).replace(
      /("vnd\.act3-ace\.data\.offset":")(\d+)"/g,
      (_, key, offset) => `${key}${Number(offset) + shift}"`,
    );
    expect(await Bun.file(dir.file("plain.ledger")).text()).toBe(expected);
  });

  test("ends as the original does, with the same end marker", async () => {
    const ours = await Bun.file(dir.file("plain.tar")).bytes();
    const original = await Bun.file(originalFile("serialize.tar")).bytes();
    const parts = [tarParts(ours), tarParts(original)];
    expect(ours.length - (parts[0]?.at(-1)?.end ?? 0)).toBe(original.length - (parts[1]?.at(-1)?.end ?? 0));
  });

  test("adds a manifest.json, and differs there only where the original's is wrong", async () => {
    const ours = await serialize("sync-1", "manifest-json.tar", "--manifest-json");
    const original = await originalParts("serialize-manifest-json.tar");
    expectSameArchive(ours.slice(0, -1), original.slice(0, -1));
    const [mine, theirs] = [ours, original].map((parts): { Config: string; RepoTags: string[] }[] =>
      JSON.parse(Buffer.from(parts.at(-1)?.body ?? []).toString()),
    );
    expect(headerWithoutSize(ours.at(-1)?.header ?? new Uint8Array(512))).toBe(
      headerWithoutSize(original.at(-1)?.header ?? new Uint8Array(512)),
    );
    expect(ours.at(-1)?.name).toBe("manifest.json");
    const tagged = mine?.filter((entry) => entry.RepoTags.length > 0) ?? [];
    expect(tagged.map((entry) => entry.RepoTags)).toEqual([
      ["reg.example.com/library/multi:v2"],
      ["reg.example.com/library/tool:v1"],
    ]);
    for (const entry of tagged) expect(theirs ?? []).toContainEqual(entry);
  });

  test("follows the annotation of an index that was gathered with --index-fallback", async () => {
    const entries = await tarEntries(originalFile("serialize-index-fallback.tar"));
    const root = childrenOf(entries.get("index.json")?.[0] ?? new Uint8Array())[0];
    const bytes = entries.get(`blobs/${root?.digest.replace(":", "/")}`)?.[0] ?? new Uint8Array();
    const descriptor = { mediaType: ociImageIndex, digest: digestOf(bytes), size: bytes.length };
    await putManifest(registry.origin, "low/all", { descriptor, bytes }, "sync-fallback");
    // Its archive was made under the tag sync-1.
    await pushOriginalGathered(registry.origin, "low/fallback", "sync-0");
    await putManifest(registry.origin, "low/fallback", { descriptor, bytes }, "sync-1");
    await runOk(["mirror", "serialize", "mirror.example.com/low/fallback:sync-1", dir.file("fallback.tar")], {
      env,
    });
    expectSameArchive(
      tarParts(await Bun.file(dir.file("fallback.tar")).bytes()),
      await originalParts("serialize-index-fallback.tar"),
    );
  });

  test("leaves out the blobs of an EXISTING-IMAGE, and no manifest, as the original does", async () => {
    expectSameArchive(
      await serialize("sync-2", "delta.tar", `${gathered}:sync-1`),
      await originalParts("delta.tar"),
    );
  });

  test("leaves out the blobs that the original left out by its checkpoint, but no manifest", async () => {
    const checkpoint = `${originalFile("serialize.ledger")}:28161`;
    const ours = await serialize("sync-1", "part2.tar", "--existing-from-checkpoint", checkpoint);
    const whole = (await originalParts("serialize.tar")).filter(({ name }) =>
      name.startsWith("blobs/sha256/"),
    );
    const images = await readOriginal();
    const manifests = new Set(
      images.gathered.manifests.map(({ descriptor }) => descriptor.digest.replace(":", "/")),
    );
    const isManifest = (name: string) => manifests.has(name.replace("blobs/", ""));
    const blobs = (parts: readonly TarPart[]) =>
      parts.map(({ name }) => name).filter((name) => name.startsWith("blobs/sha256/") && !isManifest(name));
    expect(blobs(ours)).toEqual(blobs(await originalParts("part2.tar")));
    expect(blobs(ours)).toHaveLength(6);
    expect(ours.map(({ name }) => name).filter(isManifest)).toEqual(
      whole.map(({ name }) => name).filter(isManifest),
    );
  });
});
