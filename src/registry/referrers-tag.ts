/** The referrers tag schema: an index under a tag made of the subject's digest, kept by clients (distribution-spec). */
import { AceError } from "../errors.ts";
import { type Descriptor, orderedDescriptor } from "../oci/descriptor.ts";
import { type Digest, digestAlgorithm, digestHex, digestOf } from "../oci/digest.ts";
import { goJson } from "../oci/go-json.ts";
import { type ManifestContent, parseManifest, type RawManifest } from "../oci/manifest.ts";
import { ociImageIndex } from "../oci/media-types.ts";
import { fetchByTarget, manifestName, putManifest } from "./manifests.ts";
import type { Place } from "./place.ts";

// distribution-spec "Referrers Tag Schema": algorithm and encoded part, cut to these lengths.
const algorithmLimit = 32;
const encodedLimit = 64;

/** Other writers may come in between our reading and our writing; so often we look again and repeat. */
const rewriteLimit = 3;

/** `sha256-<hex>`: the tag that lists the referrers of a digest. */
export function referrersTag(digest: Digest): string {
  const algorithm = digestAlgorithm(digest).slice(0, algorithmLimit);
  const encoded = digestHex(digest).slice(0, encodedLimit);
  return `${algorithm}-${encoded}`.replace(/[^A-Za-z0-9._-]/g, "-");
}

/** What the tag lists; empty when there is no such tag, or when it is something else (GitLab serves the subject itself). */
export async function readReferrersTag(place: Place, digest: Digest): Promise<readonly Descriptor[]> {
  const tag = referrersTag(digest);
  let list: RawManifest;
  try {
    list = await fetchByTarget(place, tag);
  } catch (error) {
    if (error instanceof AceError && error.code === "not-found") return [];
    throw error;
  }
  if (list.descriptor.mediaType !== ociImageIndex || list.descriptor.digest === digest) return [];
  return parseManifest(list.bytes, ociImageIndex, manifestName(place, tag)).manifests;
}

/** Enters a manifest that has a subject into its subject's list. Calls for one tag are done one after the other. */
export async function enterIntoReferrersTag(
  place: Place,
  manifest: RawManifest,
  content: ManifestContent,
): Promise<void> {
  const { subject } = content;
  if (subject === undefined) return;
  const { tagLocks } = place.endpoint;
  const key = `${place.repository} ${referrersTag(subject.digest)}`;
  const before = tagLocks.get(key) ?? Promise.resolve();
  const own = before.then(() => enter(place, subject.digest, entryOf(manifest, content)));
  const settled = own.catch(() => undefined);
  tagLocks.set(key, settled);
  try {
    await own;
  } finally {
    if (tagLocks.get(key) === settled) tagLocks.delete(key);
  }
}

async function enter(place: Place, subject: Digest, entry: Descriptor): Promise<void> {
  for (let round = 0; round < rewriteLimit; round++) {
    const present = await readReferrersTag(place, subject);
    if (present.some(({ digest }) => digest === entry.digest)) return;
    await putManifest(place, indexOf([...present, entry]), referrersTag(subject));
  }
  const present = await readReferrersTag(place, subject);
  if (present.some(({ digest }) => digest === entry.digest)) return;
  throw new AceError(
    "registry",
    `Cannot enter ${entry.digest} into the referrers of ${place.name}@${subject}: another writer keeps removing it`,
  );
}

function entryOf(manifest: RawManifest, content: ManifestContent): Descriptor {
  const { mediaType, digest, size } = manifest.descriptor;
  const artifactType = content.artifactType ?? content.config?.mediaType;
  return {
    mediaType,
    digest,
    size,
    ...(Object.keys(content.annotations).length === 0 ? {} : { annotations: content.annotations }),
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}

function indexOf(entries: readonly Descriptor[]): RawManifest {
  const manifests = entries.map(orderedDescriptor);
  const bytes = new TextEncoder().encode(goJson({ schemaVersion: 2, mediaType: ociImageIndex, manifests }));
  return { descriptor: { mediaType: ociImageIndex, digest: digestOf(bytes), size: bytes.length }, bytes };
}
