/** When an earlier gather may stay as it is. */
import { describe, expect, test } from "bun:test";
import { buildGatherIndex } from "../../src/gather/build-gather-index.ts";
import { PreviousGather } from "../../src/gather/previous-gather.ts";
import type { GatherEntry } from "../../src/gather/resolve-source.ts";
import { sparsePlatforms } from "../../src/oci/annotations.ts";
import { parseManifest } from "../../src/oci/manifest.ts";
import { entryOf, jsonOf, noOptions } from "../mirror/gather-entries.ts";
import { imageOf, multiArchOf } from "../support/images.ts";

const sizes = { totalBytes: 20, deduplicatedBytes: 10 };
const a = entryOf("reg.example.com/a:1", imageOf({ seed: "a" }));
const b = entryOf("reg.example.com/b:1", imageOf({ seed: "b" }));
const multi = entryOf("reg.example.com/multi:1", multiArchOf("multi"));

describe("PreviousGather", () => {
  function previousOf(entries: readonly GatherEntry[]): PreviousGather {
    const raw = buildGatherIndex(entries, noOptions, sizes, "v");
    return new PreviousGather(raw, parseManifest(raw.bytes, raw.descriptor.mediaType, "x"));
  }

  test("stays byte for byte when nothing changed, whatever the order of the list", () => {
    expect(previousOf([a, b, multi]).reusable([multi, b, a], noOptions, "v")).toEqual({ raw: undefined });
  });

  test("is written anew, with its sums, when only references, annotations or the version changed", () => {
    const previous = previousOf([a, b]);
    const moved = entryOf("reg.example.com/b:2", imageOf({ seed: "b" }));
    for (const [entries, changed, version] of [
      [[a, moved], noOptions, "v"],
      [[a, b], { ...noOptions, annotations: { team: "blue" } }, "v"],
      [[a, b], noOptions, "w"],
    ] as const) {
      const raw = previous.reusable(entries, changed, version)?.raw;
      expect(raw).toBeDefined();
      expect(jsonOf(raw!).annotations["vnd.act3-ace.data.layer.size.total"]).toBe("20");
    }
  });

  test("is of no use when an image is new, gone, or named more often than before", () => {
    const previous = previousOf([a, b]);
    for (const entries of [
      [a],
      [a, b, multi],
      [a, multi],
      [a, b, { ...b, reference: "reg.example.com/b:2" }],
    ]) {
      expect(previous.reusable(entries, noOptions, "v")).toBeUndefined();
    }
    expect(previous.has(a.descriptor)).toBe(true);
    expect(previous.has(multi.descriptor)).toBe(false);
  });

  test("that has an index for some platforms only is no use for others, nor for all of them", () => {
    const narrow = (platforms: string): GatherEntry => ({
      ...multi,
      descriptor: {
        ...multi.descriptor,
        annotations: { ...multi.descriptor.annotations, [sparsePlatforms]: platforms },
      },
    });
    const previous = previousOf([a, narrow("linux/amd64")]);
    expect(previous.reusable([a, narrow("linux/amd64")], noOptions, "v")).toEqual({ raw: undefined });
    for (const entry of [multi, narrow("linux/arm64"), narrow("linux/amd64,linux/arm64")]) {
      expect(previous.reusable([a, entry], noOptions, "v")).toBeUndefined();
      expect(previous.has(entry.descriptor)).toBe(false);
    }
  });

  test("is of no use without its sums", () => {
    const raw = buildGatherIndex([a], noOptions, sizes, "v");
    const json = jsonOf(raw);
    delete json.annotations["vnd.act3-ace.data.layer.size.total"];
    const bytes = Buffer.from(JSON.stringify(json));
    const previous = new PreviousGather(
      { ...raw, bytes },
      parseManifest(bytes, raw.descriptor.mediaType, "x"),
    );
    expect(previous.reusable([a], noOptions, "v")).toBeUndefined();
  });
});
