/** Content discovery: tags, referrers and the catalogue of repositories (distribution-spec "Content Discovery"). */
import { orderedDescriptor } from "../oci/descriptor.ts";
import { isDigest } from "../oci/digest.ts";
import { ociImageIndex } from "../oci/media-types.ts";
import { pageOf } from "./page.ts";
import { refuse } from "./refuse.ts";
import { invalidDigest, type RegistryState } from "./uploads-endpoint.ts";

/** GET `tags/list`. */
export function listTags({ store }: RegistryState, repository: string, url: URL): Response {
  const layout = store.repository(repository);
  if (layout === undefined) {
    return refuse(404, "NAME_UNKNOWN", "the registry has no such repository", { name: repository });
  }
  const page = pageOf(layout.index.tags(), url);
  if (page instanceof Response) return page;
  return Response.json({ name: repository, tags: page.items }, { headers: page.headers });
}

/** GET `_catalog` (not in the OCI specification; Docker's API has it). */
export function listRepositories({ store }: RegistryState, url: URL): Response {
  const page = pageOf(store.repositoryNames(), url);
  if (page instanceof Response) return page;
  return Response.json({ repositories: page.items }, { headers: page.headers });
}

/** GET `referrers/<digest>`: an index, an empty one for what nobody refers to. */
export async function listReferrers(
  { store }: RegistryState,
  repository: string,
  reference: string,
  url: URL,
): Promise<Response> {
  if (!isDigest(reference)) return invalidDigest(reference);
  const all = (await store.repository(repository)?.listReferrers(reference)) ?? [];
  const wanted = url.searchParams.get("artifactType");
  const chosen = wanted ? all.filter(({ artifactType }) => artifactType === wanted) : all;
  const index = { schemaVersion: 2, mediaType: ociImageIndex, manifests: chosen.map(orderedDescriptor) };
  return new Response(JSON.stringify(index), {
    headers: { "Content-Type": ociImageIndex, ...(wanted ? { "OCI-Filters-Applied": "artifactType" } : {}) },
  });
}
