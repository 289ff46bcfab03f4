/** What refers to a manifest: the referrers API, or the fallback tag where the API is missing (distribution-spec). */

import { AceError } from "../errors.ts";
import { type Descriptor, orderedDescriptor } from "../oci/descriptor.ts";
import { type Digest, digestAlgorithm, digestHex, digestOf } from "../oci/digest.ts";
import { goJson } from "../oci/go-json.ts";
import {
  type ManifestContent,
  manifestLimitBytes,
  parseManifest,
  type RawManifest,
} from "../oci/manifest.ts";
import { ociImageIndex } from "../oci/media-types.ts";
import { isCut } from "./http/attempts.ts";
import type { Reply } from "./http/exchange.ts";
import { problemsOf } from "./http/problems.ts";
import { fetchByTarget, manifestName, mediaTypeOf, putManifest } from "./manifests.ts";
import { eachPage } from "./pages.ts";
import type { RepositoryAtEndpoint } from "./repository-at-endpoint.ts";

/** Descriptors of the manifests whose subject is `digest`, each once, sorted by digest. */
export async function readReferrers(
  at: RepositoryAtEndpoint,
  digest: Digest,
): Promise<readonly Descriptor[]> {
  const found = (await askApi(at, digest)) ?? (await readReferrersTag(at, digest));
  const byDigest = new Map(found.map((descriptor) => [descriptor.digest, descriptor]));
  return [...byDigest.values()].sort((a, b) => (a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0));
}

/**
 * Stores a manifest, and enters it into its subject's fallback tag when the registry does not keep referrers by itself.
 */
export async function pushWithReferrers(
  at: RepositoryAtEndpoint,
  manifest: RawManifest,
  tag: string | undefined,
): Promise<void> {
  const entered = await putManifest(at, manifest, tag);
  const { referrers } = at.endpoint.settings;
  if (entered) at.endpoint.referrersKind.set(at.repository, "api");
  if (entered || referrers === "api") return;
  const name = `${at.name}@${manifest.descriptor.digest}`;
  const content = parseManifest(manifest.bytes, manifest.descriptor.mediaType, name);
  if (content.subject !== undefined) await enterIntoReferrersTag(at, manifest, content);
}

/** The API's list, or undefined when the registry has none (remembered a repository). */
async function askApi(at: RepositoryAtEndpoint, digest: Digest): Promise<readonly Descriptor[] | undefined> {
  const { endpoint, repository } = at;
  const { referrers } = endpoint.settings;
  if (referrers === "tag") return undefined;
  if (referrers === "auto" && endpoint.referrersKind.get(repository) === "tag") return undefined;
  const subject = `referrers of ${at.name}@${digest}`;
  const found: Descriptor[] = [];
  let missing = false;
  let unknownRepository = false;
  await eachPage(
    at,
    {
      method: "GET",
      target: at.path(`referrers/${digest}`),
      subject,
      scopes: at.scopes("pull"),
      headers: { accept: ociImageIndex },
      bodyLimitBytes: manifestLimitBytes,
      isCut: (reply) => isReferrersIndex(reply) && isCut(reply),
      // GHCR redirects to a web page.
      stay: true,
    },
    (reply, page) => {
      if (isReferrersIndex(reply)) {
        found.push(...parseList(reply.body, subject));
        return true;
      }
      // A repository that does not exist says nothing about the registry.
      unknownRepository =
        reply.status === 404 && problemsOf(reply).some(({ code }) => code === "NAME_UNKNOWN");
      if (page === 0 && isUnsupported(reply)) missing = true;
      else throw at.failure("list", subject, "pull", reply);
      return false;
    },
  );
  if (unknownRepository) return undefined;
  if (missing && referrers === "api") {
    throw new AceError("registry", `Cannot list ${subject}: the registry has no referrers API`, {
      hint: "Set supportsReferrers to tag or auto for this endpoint in the configuration file.",
    });
  }
  endpoint.referrersKind.set(repository, missing ? "tag" : "api");
  return missing ? undefined : found;
}

/**
 * The list has no digest that it could be held against, so that what makes no sense counts as damaged on the way.
 * @throws AceError `digest`
 */
function parseList(bytes: Uint8Array, subject: string): readonly Descriptor[] {
  try {
    return parseManifest(bytes, ociImageIndex, subject).manifests;
  } catch (error) {
    throw error instanceof AceError ? new AceError("digest", error.message, { cause: error }) : error;
  }
}

function isReferrersIndex(reply: Reply): boolean {
  return reply.status === 200 && !reply.truncated && mediaTypeOf(reply.headers) === ociImageIndex;
}

/** Any answer that is neither a list nor a failure of the moment: web pages, 404, 405, 400, and 401 or 403 on this path only. */
function isUnsupported(reply: Reply): boolean {
  return reply.status < 500 && reply.status !== 429 && reply.status !== 408;
}

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
async function readReferrersTag(at: RepositoryAtEndpoint, digest: Digest): Promise<readonly Descriptor[]> {
  const tag = referrersTag(digest);
  let list: RawManifest;
  try {
    list = await fetchByTarget(at, tag);
  } catch (error) {
    if (error instanceof AceError && error.code === "not-found") return [];
    throw error;
  }
  if (list.descriptor.mediaType !== ociImageIndex || list.descriptor.digest === digest) return [];
  return parseManifest(list.bytes, ociImageIndex, manifestName(at, tag)).manifests;
}

/** Enters a manifest that has a subject into its subject's list. Calls for one tag are done one after the other. */
async function enterIntoReferrersTag(
  at: RepositoryAtEndpoint,
  manifest: RawManifest,
  content: ManifestContent,
): Promise<void> {
  const { subject } = content;
  if (subject === undefined) return;
  const { tagLocks } = at.endpoint;
  const key = `${at.repository} ${referrersTag(subject.digest)}`;
  const before = tagLocks.get(key) ?? Promise.resolve();
  const own = before.then(() => enter(at, subject.digest, entryOf(manifest, content)));
  const settled = own.catch(() => undefined);
  tagLocks.set(key, settled);
  try {
    await own;
  } finally {
    if (tagLocks.get(key) === settled) tagLocks.delete(key);
  }
}

async function enter(at: RepositoryAtEndpoint, subject: Digest, entry: Descriptor): Promise<void> {
  for (let round = 0; round < rewriteLimit; round++) {
    const present = await readReferrersTag(at, subject);
    if (present.some(({ digest }) => digest === entry.digest)) return;
    await putManifest(at, indexOf([...present, entry]), referrersTag(subject));
  }
  const present = await readReferrersTag(at, subject);
  if (present.some(({ digest }) => digest === entry.digest)) return;
  throw new AceError(
    "registry",
    `Cannot enter ${entry.digest} into the referrers of ${at.name}@${subject}: another writer keeps removing it`,
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
