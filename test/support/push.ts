/** Puts artifacts into any registry over plain HTTP and reads them back, with none of our client's code. */
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { type Digest, digestOf } from "../../src/oci/digest.ts";
import { isManifestType, manifestMediaTypes } from "../../src/oci/media-types.ts";
import type { Artifact, Content } from "./images.ts";

/**
 * Pushes blobs, then manifests, then the tag.
 * @param origin `http://host:port`
 * @returns the descriptor of everything pushed, the root last
 */
export async function pushArtifact(
  origin: string,
  repository: string,
  artifact: Artifact,
  tag?: string,
): Promise<readonly Descriptor[]> {
  for (const blob of artifact.blobs) await pushBlob(origin, repository, blob);
  for (const manifest of artifact.manifests) await putManifest(origin, repository, manifest);
  const root = artifact.manifests.at(-1);
  if (tag !== undefined && root !== undefined) await putManifest(origin, repository, root, tag);
  return [...artifact.blobs, ...artifact.manifests].map((content) => content.descriptor);
}

/** Uploads one blob with POST and PUT, unless it is there. */
export async function pushBlob(origin: string, repository: string, blob: Content): Promise<void> {
  const base = `${origin}/v2/${repository}/blobs`;
  const there = await fetch(`${base}/${blob.descriptor.digest}`, { method: "HEAD" });
  if (there.status === 200) return;
  const opened = await expectStatus(await fetch(`${base}/uploads/`, { method: "POST" }), 202);
  const location = new URL(opened.headers.get("location") ?? "", `${base}/uploads/`);
  location.searchParams.set("digest", blob.descriptor.digest);
  const headers = { "content-type": "application/octet-stream" };
  await expectStatus(await fetch(location, { method: "PUT", headers, body: blob.bytes }), 201);
}

/** Stores a manifest under its digest, or under a tag. */
export async function putManifest(
  origin: string,
  repository: string,
  manifest: Content,
  tag: string = manifest.descriptor.digest,
): Promise<void> {
  const headers = { "content-type": manifest.descriptor.mediaType };
  const url = `${origin}/v2/${repository}/manifests/${tag}`;
  await expectStatus(await fetch(url, { method: "PUT", headers, body: manifest.bytes }), 201);
}

/** The manifest under a tag or digest: its bytes and the descriptor they make. */
export async function fetchManifest(origin: string, repository: string, target: string): Promise<Content> {
  const response = await fetch(`${origin}/v2/${repository}/manifests/${target}`, {
    headers: { accept: manifestMediaTypes.join(", ") },
  });
  const bytes = await (await expectStatus(response, 200)).bytes();
  const mediaType = (response.headers.get("content-type") ?? "").replace(/;.*/, "");
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

/** What {@link walkImage} found. */
export interface Walked {
  root: Descriptor;
  /** Digests of manifests and blobs, each fetched whole and hashed. */
  digests: Set<Digest>;
  /** Bytes of all of them. */
  bytes: number;
}

/**
 * Fetches everything below a tag or digest and compares each body's digest and size with its descriptor.
 * @throws Error that names what is missing or wrong
 */
export async function walkImage(origin: string, repository: string, target: string): Promise<Walked> {
  const top = await fetchManifest(origin, repository, target);
  const walked: Walked = { root: top.descriptor, digests: new Set(), bytes: 0 };
  const visit = async (content: Content): Promise<void> => {
    walked.digests.add(content.descriptor.digest);
    walked.bytes += content.bytes.length;
    if (!isManifestType(content.descriptor.mediaType)) return;
    for (const child of childrenOf(content.bytes)) {
      if (walked.digests.has(child.digest)) continue;
      await visit(await fetchChild(origin, repository, child));
    }
  };
  await visit(top);
  return walked;
}

/** The descriptors an image manifest or index names: manifests, config, layers. */
export function childrenOf(manifest: Uint8Array): Descriptor[] {
  const body = JSON.parse(Buffer.from(manifest).toString()) as {
    config?: Descriptor;
    layers?: Descriptor[];
    manifests?: Descriptor[];
  };
  return [
    ...(body.manifests ?? []),
    ...(body.config === undefined ? [] : [body.config]),
    ...(body.layers ?? []),
  ];
}

async function fetchChild(origin: string, repository: string, child: Descriptor): Promise<Content> {
  const where = `${origin}/v2/${repository}`;
  const bytes = isManifestType(child.mediaType)
    ? (await fetchManifest(origin, repository, child.digest)).bytes
    : await (await expectStatus(await fetch(`${where}/blobs/${child.digest}`), 200)).bytes();
  const actual = digestOf(bytes, child.digest.split(":")[0]);
  if (actual !== child.digest || bytes.length !== child.size) {
    throw new Error(
      `${where}: ${child.digest} (${child.size} bytes) came as ${actual} (${bytes.length} bytes)`,
    );
  }
  return { descriptor: child, bytes };
}

async function expectStatus(response: Response, status: number): Promise<Response> {
  if (response.status === status) return response;
  const body = (await response.text()).slice(0, 500);
  throw new Error(`${response.url}: want ${status}, got ${response.status}: ${body}`);
}
