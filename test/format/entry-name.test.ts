import { describe, expect, test } from "bun:test";
import { blobEntryName, classifyEntry } from "../../src/format/entry-name.ts";
import type { Digest } from "../../src/oci/digest.ts";

const hex = "0123456789abcdef".repeat(8);
const sha256: Digest = `sha256:${hex.slice(0, 64)}`;

describe("classifyEntry()", () => {
  test.each([
    ["oci-layout", "oci-layout"],
    ["./oci-layout", "oci-layout"],
    ["././index.json", "index"],
    ["index.json", "index"],
    ["manifest.json", "manifest-json"],
    ["./", "directory"],
    [".", "directory"],
    ["blobs", "directory"],
    ["blobs/", "directory"],
    ["./blobs//sha256/", "directory"],
    ["blobs/sha256", "directory"],
    ["blobs/blake3", "directory"],
    ["some/dir/", "directory"],
    ["README", "other"],
    ["repositories", "other"],
    ["sub/index.json", "other"],
    ["..data", "other"],
  ] as const)("takes %j for %s", (name, kind) => {
    expect(classifyEntry(name)).toEqual({ kind });
  });

  test.each<Digest>([`sha256:${hex.slice(0, 64)}`, `sha384:${hex.slice(0, 96)}`, `sha512:${hex}`])(
    "finds blob %s under both spellings",
    (digest) => {
      expect(classifyEntry(blobEntryName(digest))).toEqual({ kind: "blob", digest });
      expect(classifyEntry(`./${blobEntryName(digest)}`)).toEqual({ kind: "blob", digest });
    },
  );

  test.each([
    ["blobs/blake3/abc", "we cannot check digests of algorithm", "an algorithm we do not know"],
    [`./blobs/sha256/._${sha256.slice(7)}`, "its name is no digest", "what macOS leaves beside files"],
    ["blobs/sha256/.DS_Store", "its name is no digest", "another of its kind"],
    [`${blobEntryName(sha256)}/x`, "it is not at blobs/ALGORITHM/HEX", "a file below a blob"],
  ])("ignores %j with a notice that says: %s", (name, why) => {
    const role = classifyEntry(name);
    expect(role.kind).toBe("other");
    expect(role).toMatchObject({ notice: expect.stringContaining(why) });
  });

  test.each([
    ["blobs/sha256/0123", "a digest of 4 hex digits is no sha256"],
    [`blobs/sha256/${hex}`, "a digest of 128 hex digits is no sha256"],
    [`blobs/sha512/${hex.slice(0, 64)}`, "a digest of 64 hex digits is no sha512"],
    [`blobs/sha256/${hex.slice(0, 64).toUpperCase()}`, "its digest has upper-case letters"],
    ["/etc/passwd", "its name is an absolute path"],
    ["../../etc/passwd", "its name leads out of the archive"],
    ["blobs/sha256/../../../x", "its name leads out of the archive"],
    ["blobs/..", "its name leads out of the archive"],
    ["blobs\\sha256\\x", "its name holds a backslash"],
    ["index.json\0.txt", "its name holds a NUL byte"],
    ["", "it has no name"],
  ])("refuses %j: %s", (name, state) => {
    expect(() => classifyEntry(name)).toThrow(`Cannot use archive entry ${JSON.stringify(name)}: ${state}`);
  });
});
