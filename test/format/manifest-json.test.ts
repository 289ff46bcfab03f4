import { describe, expect, test } from "bun:test";
import { blobEntryName } from "../../src/format/entry-name.ts";
import { parseIndexJson } from "../../src/format/layout-json.ts";
import { type ArchivedImage, LoadList } from "../../src/format/manifest-json.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { parseManifest } from "../../src/oci/manifest.ts";
import { testData, textOf } from "./original.ts";

const archive = testData("original/serialize-manifest-json.tar");
const all = () => true;

function contentOf(descriptor: Descriptor) {
  const text = textOf(archive, blobEntryName(descriptor.digest));
  return parseManifest(new TextEncoder().encode(text), descriptor.mediaType, descriptor.digest);
}

/** What a verb passes: every image manifest below every entry of the gather index, in archive order. */
function imagesOfOriginal(): ArchivedImage[] {
  const { root } = parseIndexJson(new TextEncoder().encode(textOf(archive, "index.json")), "original");
  return contentOf(root).manifests.flatMap((entry) => {
    const reference = entry.annotations!["vnd.act3-ace.manifest.source"]!;
    const content = contentOf(entry);
    const below = content.kind === "index" ? content.manifests : [entry];
    return below.map((image) => ({ reference, platform: image.platform, content: contentOf(image) }));
  });
}

const [, base, , , , tool] = imagesOfOriginal();
const parse = (text: string): { Config: string; RepoTags: string[]; Layers: string[] }[] => JSON.parse(text);

function manifestJson(images: readonly ArchivedImage[], inArchive: (digest: Digest) => boolean): string {
  const list = new LoadList();
  for (const image of images) list.add(image, inArchive);
  return list.text();
}

describe("LoadList", () => {
  test("of the original's images keeps its right entries and drops, adds and mends the others", () => {
    const theirs = parse(textOf(archive, "manifest.json"));
    const ours = parse(manifestJson(imagesOfOriginal(), all));
    const [chart, baseEntry, multiAmd64, toolEntry] = theirs;
    expect(chart!.RepoTags).toEqual(["reg.example.com/charts/app:0.1.0"]);
    expect(ours).toEqual([
      { ...baseEntry!, RepoTags: [] },
      multiAmd64!,
      {
        Config: "blobs/sha256/e73616517393f6fbb2e578bed22ef68050547934f2bf31292de4be01adf27805",
        RepoTags: [],
        Layers: [
          "blobs/sha256/854a60e40272e8f8f81fd3ca74f81b1802dad48a7409b19b88a05efc10f3cacb",
          "blobs/sha256/0cc3adba7d245ad0a5ea03fc02538798dfdcbdef2de86d39212bf77b9bc09ce8",
        ],
      },
      toolEntry!,
    ]);
  });

  test("writes an entry that the original got right with the same bytes", () => {
    const theirs = textOf(archive, "manifest.json");
    const ours = manifestJson([tool!], all);
    expect(ours.startsWith('[\n  {\n    "Config": ')).toBe(true);
    expect(theirs.endsWith(ours.slice("[\n".length))).toBe(true);
  });

  test("is an empty list when nothing is an image", () => {
    const chart = imagesOfOriginal()[0]!;
    expect(chart.reference).toContain("charts");
    expect(manifestJson([chart], all)).toBe("[]");
  });

  test("leaves out an image of which a layer is not in the archive", () => {
    const missing = tool!.content.layers[1]!.digest;
    expect(manifestJson([tool!], (digest) => digest !== missing)).toBe("[]");
    expect(manifestJson([tool!], (digest) => digest !== tool!.content.config!.digest)).toBe("[]");
  });

  test("leaves out attestations, whatever type their config has, and signatures", () => {
    const attestation = imagesOfOriginal()[4]!;
    expect(attestation.content.config!.mediaType).toBe("application/vnd.oci.image.config.v1+json");
    expect(manifestJson([{ ...attestation, platform: undefined }], all)).toBe("[]");
    expect(manifestJson([{ ...tool!, platform: { os: "unknown", architecture: "unknown" } }], all)).toBe(
      "[]",
    );
  });

  test("gathers the references of one image in one entry, each once", () => {
    const second = { ...tool!, reference: "other.example.com/tool:v2" };
    const entries = parse(manifestJson([tool!, second, tool!], all));
    expect(entries.map((entry) => entry.RepoTags)).toEqual([[tool!.reference, "other.example.com/tool:v2"]]);
  });

  test("gives a tag to the first image that has it, since docker would leave it with the last", () => {
    const entries = parse(manifestJson([tool!, { ...base!, reference: tool!.reference }], all));
    expect(entries.map((entry) => entry.RepoTags)).toEqual([[tool!.reference], []]);
  });

  test.each([
    ["reg.example.com/a", ["reg.example.com/a:latest"], "docker wants the tag spelt out"],
    [`reg.example.com/a:v1@sha256:${"ab".repeat(32)}`, ["reg.example.com/a:v1"], "docker takes no digest"],
    [`reg.example.com/a@sha256:${"ab".repeat(32)}`, [], "nothing to tag with"],
    ["localhost:5000/a/b:v1", ["localhost:5000/a/b:v1"], "verbatim"],
    ["no reference at all", [], "another tool's name"],
  ])("of %s has RepoTags %j: %s", (reference, tags) => {
    expect(parse(manifestJson([{ ...tool!, reference }], all))[0]!.RepoTags).toEqual(tags);
  });
});
