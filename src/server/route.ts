/** Paths of the registry's API (distribution-spec "Endpoints") taken apart and checked. */
import { isRepository } from "../oci/reference.ts";
import { refuse } from "./refuse.ts";

/** What a request is about. */
export type Route =
  | { kind: "ping" }
  | { kind: "catalog" }
  | { kind: "tags" | "uploads"; repository: string }
  /** `reference` is unchecked: a digest, a tag or a session, as the kind has it. */
  | { kind: "manifest" | "blob" | "upload" | "referrers"; repository: string; reference: string };

// Greedy, so that the keyword is the last one: repositories may be called `blobs/uploads`.
const patterns: readonly [RegExp, "tags" | "uploads" | "manifest" | "blob" | "upload" | "referrers"][] = [
  [/^(.+)\/tags\/list$/, "tags"],
  [/^(.+)\/blobs\/uploads\/?$/, "uploads"],
  [/^(.+)\/blobs\/uploads\/([^/]+)$/, "upload"],
  [/^(.+)\/blobs\/([^/]+)$/, "blob"],
  [/^(.+)\/manifests\/([^/]+)$/, "manifest"],
  [/^(.+)\/referrers\/([^/]+)$/, "referrers"],
];

/**
 * Finds the route. Names of repositories in it are valid ones, so that nothing of a path reaches the file system unchecked.
 * @param path the path of the request's URL, percent-encoded as it came
 * @returns the route, or the answer for a path that is none
 */
export function parseRoute(path: string): Route | Response {
  let plain: string;
  try {
    plain = decodeURIComponent(path);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return refuse(400, "NAME_INVALID", "the path is not percent-encoded UTF-8");
  }
  if (plain === "/v2" || plain === "/v2/") return { kind: "ping" };
  if (plain === "/v2/_catalog") return { kind: "catalog" };
  if (plain.startsWith("/v2/")) {
    for (const [pattern, kind] of patterns) {
      const [, repository, reference] = pattern.exec(plain.slice("/v2/".length)) ?? [];
      if (repository === undefined) continue;
      if (!isRepository(repository)) {
        return refuse(400, "NAME_INVALID", "this is no repository name", { name: repository });
      }
      if (kind === "tags" || kind === "uploads") return { kind, repository };
      return { kind, repository, reference: reference ?? "" };
    }
  }
  return refuse(404, "UNSUPPORTED", "the registry has no such endpoint");
}
