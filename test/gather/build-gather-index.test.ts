/** The gather index's bytes. */
import { describe, expect, test } from "bun:test";
import { buildGatherIndex } from "../../src/gather/build-gather-index.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { entryOf, jsonOf, noOptions } from "../mirror/gather-entries.ts";
import { imageOf, multiArchOf } from "../support/images.ts";

const sizes = { totalBytes: 20, deduplicatedBytes: 10 };
const a = entryOf("reg.example.com/a:1", imageOf({ seed: "a" }));
const b = entryOf("reg.example.com/b:1", imageOf({ seed: "b" }));
const multi = entryOf("reg.example.com/multi:1", multiArchOf("multi"));

describe("buildGatherIndex()", () => {
  test("sorts entries by their source as Go sorts strings, and keys of annotations too", () => {
    const upper = entryOf("reg.example.com/A:1", imageOf({ seed: "upper" }));
    const raw = buildGatherIndex(
      [b, a, upper],
      { annotations: { z: "1", B: "2" }, indexFallback: false },
      sizes,
      "v",
    );
    const json = jsonOf(raw);
    expect(json.manifests.map(({ digest }: { digest: string }) => digest)).toEqual(
      [upper, a, b].map(({ descriptor }) => descriptor.digest),
    );
    expect(Object.keys(json.annotations)).toEqual(Object.keys(json.annotations).sort());
    expect(raw.descriptor.digest).toBe(digestOf(raw.bytes));
    expect(raw.descriptor.size).toBe(raw.bytes.length);
  });

  test("puts nested indexes aside with --index-fallback only", () => {
    const plain = jsonOf(buildGatherIndex([a, multi], noOptions, sizes, "v"));
    expect(plain.manifests).toHaveLength(2);
    expect(plain.annotations["vnd.act3-ace.data.extra-manifests"]).toBeUndefined();
    const aside = jsonOf(buildGatherIndex([a, multi], { ...noOptions, indexFallback: true }, sizes, "v"));
    expect(aside.manifests).toHaveLength(1);
    expect(JSON.parse(aside.annotations["vnd.act3-ace.data.extra-manifests"])[0].digest).toBe(
      multi.descriptor.digest,
    );
  });
});
