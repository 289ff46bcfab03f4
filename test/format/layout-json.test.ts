import { describe, expect, test } from "bun:test";
import {
  checkOciLayout,
  firstIndexJson,
  indexJsonElement,
  indexJsonFrame,
  indexJsonLimitBytes,
  ociLayoutJson,
  parseIndexJson,
} from "../../src/format/layout-json.ts";
import { testData, textOf } from "./original.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const digest = `sha256:${"ab".repeat(32)}`;

describe("the layout's JSON files", () => {
  test.each(["serialize.tar", "serialize-index-fallback.tar", "delta.tar", "part2.tar"])(
    "of %s are written as the original wrote them, and read back",
    (file) => {
      const bytes = testData(`original/${file}`);
      expect(ociLayoutJson()).toBe(textOf(bytes, "oci-layout"));
      const first = textOf(bytes, "index.json", 0);
      const last = textOf(bytes, "index.json", 1);
      const read = parseIndexJson(encode(first), file);
      const { root, tag, annotations } = read;
      expect(read.manifests).toEqual([root]);
      const facts = {
        root: { mediaType: root.mediaType, digest: root.digest, size: root.size },
        tag: tag ?? "no tag",
        toolVersion: "(devel)",
        deduplicatedBytes: Number(annotations["vnd.act3-ace.data.layer.size.deduplicated"]),
      };
      expect(firstIndexJson(facts)).toBe(first);
      const { before, after } = indexJsonFrame(facts);
      const elements = parseIndexJson(encode(last), file).manifests.slice(1).map(indexJsonElement);
      expect([before, ...elements, after].join("")).toBe(last);
    },
  );

  test("name a root that had other annotations in the gather index by its tag alone", () => {
    const root = parseIndexJson(encode(textOf(testData("original/serialize.tar"), "index.json")), "x").root;
    const facts = {
      root: { ...root, annotations: { other: "x" } },
      tag: "t",
      toolVersion: "v",
      deduplicatedBytes: 0,
    };
    expect(JSON.parse(firstIndexJson(facts)).manifests[0].annotations).toEqual({
      "org.opencontainers.image.ref.name": "t",
    });
  });

  test("of other tools need no tag, no annotations, no media type", () => {
    const json = { schemaVersion: 2, manifests: [{ mediaType: "m", digest, size: 1 }], annotations: null };
    expect(parseIndexJson(encode(JSON.stringify(json)), "x")).toMatchObject({
      tag: undefined,
      annotations: {},
    });
  });
});

describe("parseIndexJson() refuses", () => {
  const one = { mediaType: "m", digest, size: 1 };
  test.each([
    ["not JSON", "{", "it is not JSON"],
    ["a list", "[]", ""],
    ["no manifests", '{"schemaVersion":2}', "manifests:"],
    ["an empty list", '{"manifests":[]}', "manifests: none"],
    ["another schema", JSON.stringify({ schemaVersion: 1, manifests: [one] }), "schemaVersion: not 2"],
    [
      "a manifest",
      JSON.stringify({ mediaType: "x", manifests: [one] }),
      "mediaType: not that of an image index",
    ],
    [
      "a bad digest",
      JSON.stringify({ manifests: [{ ...one, digest: "sha256:AB" }] }),
      "manifests.0.digest: not a sha256",
    ],
    ["a negative size", JSON.stringify({ manifests: [{ ...one, size: -1 }] }), "manifests.0.size:"],
    ["bytes that are no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "it is not JSON"],
    ["too much", new Uint8Array(indexJsonLimitBytes + 1), `it has ${indexJsonLimitBytes + 1} bytes`],
  ] as [string, string | Uint8Array, string][])("%s", (_what, json, state) => {
    const bytes = typeof json === "string" ? encode(json) : json;
    expect(() => parseIndexJson(bytes, "a.tar")).toThrow(
      `Cannot read index.json of archive "a.tar": ${state}`,
    );
  });
});

test("checkOciLayout() takes version 1 and nothing else", () => {
  checkOciLayout(encode('{"imageLayoutVersion": "1.0.0"}'), "a.tar");
  for (const bad of ['{"imageLayoutVersion":"2.0.0"}', "{}", "no"]) {
    expect(() => checkOciLayout(encode(bad), "a.tar")).toThrow('Cannot read oci-layout of archive "a.tar"');
  }
});
