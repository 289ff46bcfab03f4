/** What refers to a manifest: the referrers API, or the fallback tag where the API is missing (distribution-spec). */
import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { manifestLimitBytes, parseManifest, type RawManifest } from "../oci/manifest.ts";
import { ociImageIndex } from "../oci/media-types.ts";
import type { Reply } from "./http/exchange.ts";
import { problemsOf } from "./http/problems.ts";
import { mediaTypeOf, putManifest } from "./manifests.ts";
import { eachPage } from "./pages.ts";
import { failureAt, type Place, pathOf, scopesOf } from "./place.ts";
import { enterIntoReferrersTag, readReferrersTag } from "./referrers-tag.ts";

/** Descriptors of the manifests whose subject is `digest`, each once, sorted by digest. */
export async function listReferrersAt(place: Place, digest: Digest): Promise<readonly Descriptor[]> {
  const found = (await askApi(place, digest)) ?? (await readReferrersTag(place, digest));
  const byDigest = new Map(found.map((descriptor) => [descriptor.digest, descriptor]));
  return [...byDigest.values()].sort((a, b) => (a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0));
}

/**
 * Stores a manifest, and enters it into its subject's fallback tag when the registry does not keep referrers by itself.
 */
export async function pushWithReferrers(
  place: Place,
  manifest: RawManifest,
  tag: string | undefined,
): Promise<void> {
  const entered = await putManifest(place, manifest, tag);
  const { referrers } = place.endpoint.settings;
  if (entered) place.endpoint.referrersKind.set(place.repository, "api");
  if (entered || referrers === "api") return;
  const name = `${place.name}@${manifest.descriptor.digest}`;
  const content = parseManifest(manifest.bytes, manifest.descriptor.mediaType, name);
  if (content.subject !== undefined) await enterIntoReferrersTag(place, manifest, content);
}

/** The API's list, or undefined when the registry has none (remembered a repository). */
async function askApi(place: Place, digest: Digest): Promise<readonly Descriptor[] | undefined> {
  const { endpoint, repository } = place;
  const { referrers } = endpoint.settings;
  if (referrers === "tag") return undefined;
  if (referrers === "auto" && endpoint.referrersKind.get(repository) === "tag") return undefined;
  const subject = `referrers of ${place.name}@${digest}`;
  const found: Descriptor[] = [];
  let missing = false;
  let unknownRepository = false;
  await eachPage(
    place,
    {
      method: "GET",
      target: pathOf(place, `referrers/${digest}`),
      subject,
      scopes: scopesOf(place, "pull"),
      headers: { accept: ociImageIndex },
      bodyLimitBytes: manifestLimitBytes,
      // GHCR redirects to a web page.
      stay: true,
    },
    (reply, page) => {
      if (isReferrersIndex(reply)) {
        found.push(...parseManifest(reply.body, ociImageIndex, subject).manifests);
        return true;
      }
      // A repository that does not exist says nothing about the registry.
      unknownRepository =
        reply.status === 404 && problemsOf(reply).some(({ code }) => code === "NAME_UNKNOWN");
      if (page === 0 && isUnsupported(reply)) missing = true;
      else throw failureAt(place, "list", subject, "pull", reply);
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

function isReferrersIndex(reply: Reply): boolean {
  return reply.status === 200 && !reply.truncated && mediaTypeOf(reply.headers) === ociImageIndex;
}

/** Any answer that is neither a list nor a failure of the moment: web pages, 404, 405, 400, and 401 or 403 on this path only. */
function isUnsupported(reply: Reply): boolean {
  return reply.status < 500 && reply.status !== 429 && reply.status !== 408;
}
