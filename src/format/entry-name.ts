/** What an entry of an archive is, by its name; and the names that no honest archive has. */
import { AceError } from "../errors.ts";
import { type Digest, isDigest } from "../oci/digest.ts";

/** An entry's role in an OCI image layout (image-spec image-layout.md). */
export type EntryRole =
  | { kind: "oci-layout" | "index" | "manifest-json" | "directory" }
  | { kind: "blob"; digest: Digest }
  | {
      kind: "other";
      /** Set when the entry looks as if it were meant for us and is left out all the same. */
      notice?: string;
    };

/**
 * Sorts an entry by its name; leading `./` are dropped first.
 * @throws AceError `archive` for a name that leads out of the archive, or a blob whose digest is malformed
 */
export function classifyEntry(name: string): EntryRole {
  const [, usualAlgorithm, usualHex] = usualBlob.exec(name) ?? [];
  if (usualAlgorithm !== undefined && usualHex !== undefined) return blobRole(name, usualAlgorithm, usualHex);
  const path = safePath(name);
  switch (path) {
    case "oci-layout":
      return { kind: "oci-layout" };
    case "index.json":
      return { kind: "index" };
    case "manifest.json":
      return { kind: "manifest-json" };
    case "":
    case "blobs":
      return { kind: "directory" };
  }
  const [top, algorithm, hex, ...more] = path.split("/");
  if (path.endsWith("/")) return { kind: "directory" };
  if (top !== "blobs" || algorithm === undefined) return { kind: "other" };
  if (hex === undefined) return { kind: "directory" };
  return more.length > 0
    ? ignoredBlob(name, "it is not at blobs/ALGORITHM/HEX")
    : blobRole(name, algorithm, hex);
}

/** What nearly every entry is called: nothing in such a name needs a closer look. */
const usualBlob = /^blobs\/([a-z0-9]+)\/([0-9a-f]+)$/;

/** The name of a blob's entry, the same in a tar and in a layout on disk. */
export function blobEntryName(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

function blobRole(name: string, algorithm: string, hex: string): EntryRole {
  const digest = `${algorithm}:${hex}`;
  if (isDigest(digest)) return { kind: "blob", digest };
  if (!isKnownAlgorithm(algorithm)) {
    return ignoredBlob(name, `we cannot check digests of algorithm ${JSON.stringify(algorithm)}`);
  }
  // macOS puts `._NAME` beside every file: only what is meant as a digest can be a wrong one.
  if (!/^[0-9A-Fa-f]+$/.test(hex)) return ignoredBlob(name, "its name is no digest");
  const state = /[A-F]/.test(hex)
    ? "its digest has upper-case letters"
    : `a digest of ${hex.length} hex digits is no ${algorithm}`;
  throw new AceError("archive", `Cannot use archive entry ${JSON.stringify(name)}: ${state}`, {
    hint: "Blobs are named blobs/sha256/ and 64 lower-case hex digits: write the archive again.",
  });
}

/** True when some text of that algorithm would be a digest. */
function isKnownAlgorithm(algorithm: string): boolean {
  return [64, 96, 128].some((length) => isDigest(`${algorithm}:${"0".repeat(length)}`));
}

function ignoredBlob(name: string, why: string): EntryRole {
  return { kind: "other", notice: `archive entry ${JSON.stringify(name)} is ignored: ${why}` };
}

/** Nothing is ever extracted by name, but a name like these says that somebody is trying. */
function safePath(name: string): string {
  const fail = (state: string): never => {
    throw new AceError("archive", `Cannot use archive entry ${JSON.stringify(name)}: ${state}`, {
      hint: "No image tool writes such a name: find out where the archive comes from.",
    });
  };
  if (name === "") return fail("it has no name");
  if (name.includes("\0")) return fail("its name holds a NUL byte");
  if (name.includes("\\")) return fail("its name holds a backslash");
  if (name.startsWith("/")) return fail("its name is an absolute path");
  const parts = name.split("/");
  if (parts.includes("..")) return fail("its name leads out of the archive");
  const isDirectory = parts.at(-1) === "" || parts.at(-1) === ".";
  const path = parts.filter((part) => part !== "" && part !== ".").join("/");
  return path !== "" && isDirectory ? `${path}/` : path;
}
