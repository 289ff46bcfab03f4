/** A rebuilt index is its source but for the manifests that are left out, and the same bytes each time. */
import { describe, expect, test } from "bun:test";
import { extraManifests, sourceDigest } from "../../src/oci/annotations.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { childManifests, parseManifest, type RawManifest } from "../../src/oci/manifest.ts";
import { dockerManifestList, ociImageIndex, ociImageManifest } from "../../src/oci/media-types.ts";
import { rebuildIndex } from "../../src/oci/rebuild-index.ts";
import { jsonContent } from "../support/images.ts";

const entry = (name: string, more: object = {}) => ({
  digest: digestOf(Buffer.from(name)),
  mediaType: ociImageManifest,
  size: 5,
  ...more,
});
const kept = entry("kept", {
  platform: { os: "linux", architecture: "amd64" },
  "com.example.field": { b: 1, a: 2 },
});
const gone = entry("gone", { platform: { os: "linux", architecture: "arm64" } });
const nested = entry("nested", { mediaType: ociImageIndex, data: "e30=", annotations: { of: "nested" } });

/** Keeps the manifests for which `place` has an answer. */
function rebuild(source: RawManifest, place: (child: Descriptor) => Descriptor | undefined): RawManifest {
  const content = parseManifest(source.bytes, source.descriptor.mediaType, "x");
  const places = childManifests(content).flatMap((child): [Descriptor, Descriptor][] => {
    const found = place(child);
    return found === undefined ? [] : [[child, found]];
  });
  return rebuildIndex(source, content, new Map(places));
}

const keepOnly =
  (...digests: string[]) =>
  (child: Descriptor) =>
    digests.includes(child.digest) ? child : undefined;
const jsonOf = ({ bytes }: RawManifest) => JSON.parse(Buffer.from(bytes).toString());

describe("rebuildIndex()", () => {
  const subject = { mediaType: ociImageManifest, digest: digestOf(Buffer.from("subject")), size: 3 };
  const source = jsonContent(ociImageIndex, {
    mediaType: ociImageIndex,
    schemaVersion: 2,
    artifactType: "application/vnd.example",
    annotations: { z: "<1>", b: "2" },
    manifests: [kept, gone],
    subject,
    "com.example.more": [1, 2],
  });

  test("keeps every field but the manifests, and names its source", () => {
    const rebuilt = rebuild(source, keepOnly(kept.digest));
    expect(Buffer.from(rebuilt.bytes).toString()).toBe(
      JSON.stringify({
        mediaType: ociImageIndex,
        schemaVersion: 2,
        artifactType: "application/vnd.example",
        annotations: { b: "2", [sourceDigest]: source.descriptor.digest, z: "<1>" },
        manifests: [kept],
        subject,
        "com.example.more": [1, 2],
      })
        .replace("<", "\\u003c")
        .replace(">", "\\u003e"),
    );
    expect(rebuilt.descriptor).toEqual({
      mediaType: ociImageIndex,
      digest: digestOf(rebuilt.bytes),
      size: rebuilt.bytes.length,
    });
    expect(parseManifest(rebuilt.bytes, ociImageIndex, "x").subject?.digest).toBe(subject.digest);
  });

  test("makes the same bytes each time, and others for other manifests", () => {
    const digest = (...digests: string[]) => rebuild(source, keepOnly(...digests)).descriptor.digest;
    expect(digest(kept.digest)).toBe(digest(kept.digest));
    expect(digest(kept.digest)).not.toBe(digest(gone.digest));
  });

  test("points at a rebuilt index in place of the nested one, without its embedded content", () => {
    const outer = jsonContent(ociImageIndex, {
      schemaVersion: 2,
      mediaType: ociImageIndex,
      manifests: [nested, gone],
    });
    const place = { ...entry("smaller"), size: 3 };
    const rebuilt = rebuild(outer, (child) => (child.digest === nested.digest ? place : undefined));
    expect(jsonOf(rebuilt).manifests).toEqual([
      { digest: place.digest, mediaType: ociImageIndex, size: 3, annotations: { of: "nested" } },
    ]);
  });

  test("narrows the nested indexes of --index-fallback in their annotation", () => {
    const extra = [nested, entry("another", { mediaType: ociImageIndex })];
    const outer = jsonContent(ociImageIndex, {
      schemaVersion: 2,
      manifests: [kept],
      annotations: { [extraManifests]: JSON.stringify(extra) },
    });
    const rebuilt = rebuild(outer, keepOnly(nested.digest));
    expect(jsonOf(rebuilt).manifests).toEqual([]);
    expect(JSON.parse(jsonOf(rebuilt).annotations[extraManifests])).toEqual([nested]);
  });

  test("leaves a Docker manifest list one", () => {
    const list = jsonContent(dockerManifestList, {
      schemaVersion: 2,
      mediaType: dockerManifestList,
      manifests: [kept, gone],
    });
    const rebuilt = rebuild(list, keepOnly(gone.digest));
    expect(jsonOf(rebuilt)).toEqual({
      schemaVersion: 2,
      mediaType: dockerManifestList,
      manifests: [gone],
      annotations: { [sourceDigest]: list.descriptor.digest },
    });
    expect(rebuilt.descriptor.mediaType).toBe(dockerManifestList);
  });

  test("hashes as its source is hashed", () => {
    const digest = digestOf(source.bytes, "sha512");
    const rebuilt = rebuild(
      { ...source, descriptor: { ...source.descriptor, digest } },
      keepOnly(kept.digest),
    );
    expect(rebuilt.descriptor.digest).toBe(digestOf(rebuilt.bytes, "sha512"));
  });
});
