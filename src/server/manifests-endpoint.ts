/** Pulling, pushing and deleting manifests (distribution-spec "Pulling manifests", "Pushing Manifests", "Deleting Manifests"). */
import { AceError } from "../errors.ts";
import type { ImageLayout } from "../layout/image-layout.ts";
import { type Descriptor, plainDescriptor } from "../oci/descriptor.ts";
import { type Digest, digestAlgorithm, digestOf, isDigest } from "../oci/digest.ts";
import { childBlobs, type ManifestContent, manifestLimitBytes, parseManifest } from "../oci/manifest.ts";
import { isForeignLayer, isManifestType } from "../oci/media-types.ts";
import { isTag } from "../oci/reference.ts";
import { refuse } from "./refuse.ts";
import { invalidDigest, type RegistryState } from "./uploads-endpoint.ts";

/** What storing a manifest depends on. */
export interface ManifestState extends RegistryState {
  /** Take an index some of whose manifests are absent. */
  sparseIndexes: boolean;
}

/** GET and HEAD. The Accept header is not asked: there is one form of each manifest. */
export function getManifest(
  { store }: RegistryState,
  repository: string,
  reference: string,
  request: Request,
): Response {
  const layout = store.repository(repository);
  const found = isDigest(reference) ? layout?.index.manifest(reference) : layout?.index.tagged(reference);
  if (layout === undefined || found === undefined) return unknownManifest(repository, reference);
  const headers = {
    "Content-Type": found.mediaType,
    "Docker-Content-Digest": found.digest,
    "Content-Disposition": "attachment",
    ETag: `"${found.digest}"`,
  };
  if (request.method === "HEAD") {
    return new Response(null, { headers: { ...headers, "Content-Length": String(found.size) } });
  }
  return new Response(Bun.file(layout.blobs.pathOf(found.digest)), { status: 200, headers });
}

/**
 * PUT. What the manifest needs must be in the repository already: config and layers of an image (but for layers with
 * `urls`), manifests of an index unless sparse ones are taken. Its subject need not be.
 */
export async function putManifest(
  { store, sparseIndexes }: ManifestState,
  repository: string,
  reference: string,
  url: URL,
  request: Request,
): Promise<Response> {
  const byDigest = isDigest(reference);
  if (!byDigest && reference.includes(":")) return invalidDigest(reference);
  // distribution-spec 1.2 (draft), "Pushing Manifests": a push by digest may name tags.
  const tags = byDigest ? url.searchParams.getAll("tag") : [reference];
  const wrongTag = tags.find((tag) => !isTag(tag));
  if (wrongTag !== undefined) return refuse(400, "TAG_INVALID", "this is no tag", { tag: wrongTag });

  const bytes = await readBody(request);
  if (bytes === undefined) {
    return refuse(413, "SIZE_INVALID", "the manifest is too large", { limit: manifestLimitBytes });
  }
  const digest = digestOf(bytes, byDigest ? digestAlgorithm(reference) : "sha256");
  if (byDigest && digest !== reference) {
    return refuse(400, "DIGEST_INVALID", "the manifest has another digest", {
      expected: reference,
      actual: digest,
    });
  }
  const declaredType = (request.headers.get("Content-Type") ?? "").split(";")[0]?.trim() ?? "";
  const content = parse(bytes, declaredType, digest);
  if (content instanceof Response) return content;
  const layout = store.repository(repository);
  const missing = missingBelow(content, layout, sparseIndexes);
  if (missing.length > 0) {
    return refuse(
      400,
      "MANIFEST_BLOB_UNKNOWN",
      "the manifest needs what the repository does not have",
      missing.map(plainDescriptor),
    );
  }
  const descriptor = { mediaType: content.mediaType, digest, size: bytes.length };
  await (layout ?? (await store.ensureRepository(repository))).storeManifest({ descriptor, bytes }, tags);
  const headers = new Headers({
    Location: `/v2/${repository}/manifests/${digest}`,
    "Docker-Content-Digest": digest,
  });
  if (content.subject !== undefined) headers.set("OCI-Subject", content.subject.digest);
  if (byDigest) for (const tag of tags) headers.append("OCI-Tag", tag);
  return new Response(null, { status: 201, headers });
}

/** DELETE: by digest the manifest with its tags, by tag the tag alone. */
export async function deleteManifest(
  { store }: RegistryState,
  repository: string,
  reference: string,
): Promise<Response> {
  const layout = store.repository(repository);
  const isDeleted = isDigest(reference) ? layout?.deleteManifest(reference) : layout?.deleteTag(reference);
  return (await isDeleted) ? new Response(null, { status: 202 }) : unknownManifest(repository, reference);
}

/** The body, or undefined when it is longer than a manifest may be. */
async function readBody(request: Request): Promise<Uint8Array | undefined> {
  if (Number(request.headers.get("Content-Length") ?? 0) > manifestLimitBytes) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > manifestLimitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parse(bytes: Uint8Array, declaredType: string, digest: Digest): ManifestContent | Response {
  try {
    return parseManifest(bytes, declaredType, digest);
  } catch (error) {
    if (!(error instanceof AceError) || error.code !== "registry") throw error;
    return refuse(400, "MANIFEST_INVALID", error.message, { digest });
  }
}

function missingBelow(
  content: ManifestContent,
  layout: ImageLayout | undefined,
  sparseIndexes: boolean,
): Descriptor[] {
  const hasBlob = ({ digest }: Descriptor) => layout?.blobs.sizeOf(digest) !== undefined;
  const hasManifest = ({ digest }: Descriptor) => layout?.index.manifest(digest) !== undefined;
  return [
    ...childBlobs(content).filter((child) => !isForeignLayer(child) && !hasBlob(child)),
    // BuildKit's cache index lists layers and a config among its manifests.
    ...content.manifests.filter(
      (child) => !(isManifestType(child.mediaType) ? sparseIndexes || hasManifest(child) : hasBlob(child)),
    ),
  ];
}

function unknownManifest(repository: string, reference: string): Response {
  return refuse(404, "MANIFEST_UNKNOWN", "the repository has no such manifest", {
    name: repository,
    reference,
  });
}
