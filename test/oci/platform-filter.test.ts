/** Which manifests of an index stay for some platforms, decided from the index's own bytes. */
import { describe, expect, test } from "bun:test";
import { referenceDigest, sparsePlatforms } from "../../src/oci/annotations.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { ociImageIndex, ociImageManifest } from "../../src/oci/media-types.ts";
import { parsePlatform } from "../../src/oci/platform.ts";
import { contentKey, filterBelow, formatPlatforms, PlatformFilter } from "../../src/oci/platform-filter.ts";

function entry(name: string, more: Partial<Descriptor> = {}): Descriptor {
  return { mediaType: ociImageManifest, digest: digestOf(Buffer.from(name)), size: 1, ...more };
}

const filterOf = (...texts: string[]) => new PlatformFilter([texts.map(parsePlatform)]);
const unknown = { os: "unknown", architecture: "unknown" };
const amd64 = entry("amd64", { platform: parsePlatform("linux/amd64") });
const arm64 = entry("arm64", { platform: parsePlatform("linux/arm64/v8") });
const windows = entry("windows", { platform: { ...parsePlatform("windows/amd64"), "os.version": "10.0" } });
const about = (image: Descriptor) =>
  entry(`about ${image.digest}`, { platform: unknown, annotations: { [referenceDigest]: image.digest } });
const nested = entry("nested", { mediaType: ociImageIndex });
const all = [about(arm64), amd64, arm64, windows, about(amd64), entry("plain"), nested];

describe("PlatformFilter", () => {
  test("keeps what is wanted, in the index's order, with what is attested about it", () => {
    expect(filterOf("linux/arm64").split(all).kept).toEqual([about(arm64), arm64, nested]);
    expect(filterOf("linux/amd64").split(all).kept).toEqual([amd64, about(amd64), nested]);
    const both = filterOf("windows/amd64", "linux/arm64").split(all);
    expect(both.kept).toEqual([about(arm64), arm64, windows, nested]);
    expect(both.omitted).toEqual([amd64, about(amd64), entry("plain")]);
  });

  test("keeps a nested index that names no platform, and judges one that does by it", () => {
    const arm = { ...nested, platform: parsePlatform("linux/arm64") };
    expect(filterOf("linux/amd64").split([nested, arm]).kept).toEqual([nested]);
    expect(filterOf("linux/arm64").split([nested, arm]).kept).toEqual([nested, arm]);
  });

  test("that narrows twice keeps what both want", () => {
    const twice = filterOf("linux/amd64", "linux/arm64").and([
      parsePlatform("linux/arm64"),
      parsePlatform("windows/amd64"),
    ]);
    expect(twice.split(all).kept).toEqual([about(arm64), arm64, nested]);
    expect(twice.key).not.toBe(filterOf("linux/arm64").key);
  });
});

describe("filterBelow()", () => {
  const marked = { ...nested, annotations: { [sparsePlatforms]: "linux/amd64,linux/arm64" } };

  test("wants everything unless a descriptor or its parent says otherwise", () => {
    expect(filterBelow(nested, undefined)).toBeUndefined();
    expect(filterBelow(nested, filterOf("linux/arm64"))?.key).toBe("linux/arm64");
    expect(filterBelow(marked, undefined)?.key).toBe("linux/amd64,linux/arm64");
    expect(filterBelow(marked, filterOf("linux/arm64"))?.split(all).kept).toEqual([
      about(arm64),
      arm64,
      nested,
    ]);
  });

  test("wants everything below an index that was chosen by its own platform", () => {
    expect(
      filterBelow({ ...nested, platform: parsePlatform("linux/arm64") }, filterOf("linux/arm64")),
    ).toBeUndefined();
  });

  test("refuses an annotation that is no list of platforms", () => {
    for (const text of ["", "linux", "linux/amd64,", "linux/amd64 linux/arm64"]) {
      const wrong = { ...nested, annotations: { [sparsePlatforms]: text } };
      expect(() => filterBelow(wrong, undefined)).toThrow("it is no list of platforms");
    }
  });
});

test("formatPlatforms() sorts and says each once", () => {
  expect(formatPlatforms(["linux/arm64", "linux/amd64", "linux/arm64"].map(parsePlatform))).toBe(
    "linux/amd64,linux/arm64",
  );
});

test("contentKey() tells an index from the same one for some platforms only", () => {
  const marked = { ...nested, annotations: { [sparsePlatforms]: "linux/amd64" } };
  const other = { ...nested, annotations: { [sparsePlatforms]: "linux/arm64" } };
  expect(new Set([nested, marked, other].map(contentKey)).size).toBe(3);
  expect(contentKey({ ...marked, annotations: { ...marked.annotations, more: "x" } })).toBe(
    contentKey(marked),
  );
});
