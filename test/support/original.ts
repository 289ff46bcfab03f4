/** The images that the original tool was run on, out of the archive it wrote (test/data/original/README.md). */
import { join } from "node:path";
import { extract } from "tar-stream";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { isManifestType } from "../../src/oci/media-types.ts";
import type { Artifact, Content } from "./images.ts";
import { childrenOf, pushArtifact } from "./push.ts";

/** A file in test/data/original. */
export function originalFile(name: string): string {
  return join(import.meta.dir, "..", "data", "original", name);
}

/** What the archive holds. */
export interface OriginalImages {
  /** The gather index with everything below it. */
  gathered: Artifact;
  /** Each source: where it came from and what it is, in the index's order. */
  sources: readonly { reference: string; repository: string; tag: string | undefined; artifact: Artifact }[];
}

/** Reads serialize.tar (or another archive of the original that holds every manifest and blob). */
export async function readOriginal(name = "serialize.tar"): Promise<OriginalImages> {
  const entries = await tarEntries(originalFile(name));
  const index = entries.get("index.json")?.[0];
  const root = index === undefined ? undefined : childrenOf(index)[0];
  if (root === undefined) throw new Error(`${name} has no index.json with a manifest`);
  const gathered = collect(entries, root);
  const sources = childrenOf(bytesOf(entries, root)).map((descriptor) => {
    const reference = descriptor.annotations?.["vnd.act3-ace.manifest.source"] ?? "";
    const path = reference.slice(reference.indexOf("/") + 1);
    const [repository = "", tag] = path.includes("@") ? path.split("@").slice(0, 1) : path.split(":");
    return { reference, repository, tag, artifact: collect(entries, descriptor) };
  });
  return { gathered, sources };
}

/**
 * Fills a registry as it was when the original ran: every source under its repository and tag.
 * @returns the images, for comparing
 */
export async function pushOriginalSources(origin: string): Promise<OriginalImages> {
  const images = await readOriginal();
  for (const { repository, tag, artifact } of images.sources) {
    await pushArtifact(origin, repository, artifact, tag);
    // sources-2.list names the image that sources.list names by digest as base:v3.
    if (repository === "library/base") await pushArtifact(origin, repository, artifact, "v3");
  }
  return images;
}

/** Puts the gather index that the original pushed under repository:tag (`low/all:sync-1` in its archives). */
export async function pushOriginalGathered(
  origin: string,
  repository: string,
  tag: string,
): Promise<OriginalImages> {
  const images = await readOriginal();
  await pushArtifact(origin, repository, images.gathered, tag);
  return images;
}

function collect(entries: ReadonlyMap<string, Uint8Array[]>, root: Descriptor): Artifact {
  const manifests = new Map<string, Content>();
  const blobs = new Map<string, Content>();
  const visit = (descriptor: Descriptor): void => {
    const content = { descriptor, bytes: bytesOf(entries, descriptor) };
    if (!isManifestType(descriptor.mediaType)) {
      blobs.set(descriptor.digest, content);
      return;
    }
    for (const child of childrenOf(content.bytes)) visit(child);
    if (!manifests.has(descriptor.digest)) manifests.set(descriptor.digest, content);
  };
  visit(root);
  return { root, manifests: [...manifests.values()], blobs: [...blobs.values()] };
}

function bytesOf(entries: ReadonlyMap<string, Uint8Array[]>, descriptor: Descriptor): Uint8Array {
  const bytes = entries.get(`blobs/${descriptor.digest.replace(":", "/")}`)?.[0];
  if (bytes === undefined) throw new Error(`the archive lacks ${descriptor.digest}`);
  return bytes;
}

/** Every regular file by name; a name that comes twice keeps both, in order. */
export async function tarEntries(path: string): Promise<Map<string, Uint8Array[]>> {
  const entries = new Map<string, Uint8Array[]>();
  const reader = extract();
  reader.end(Buffer.from(await Bun.file(path).bytes()));
  for await (const entry of reader) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(Buffer.from(chunk as Uint8Array));
    if (entry.header.type !== "file") continue;
    const name = entry.header.name.replace(/^\.\//, "");
    entries.set(name, [...(entries.get(name) ?? []), Buffer.concat(chunks)]);
  }
  return entries;
}
