/** Token scopes, `type:name:action,action` (distribution docs "Token Scope Documentation"): building and merging them. */

/** What is done to a repository, in a request and in an error message. */
export type Access = "pull" | "push";

/** The scope for reading from or writing to a repository. Writing asks for both: uploads begin with a HEAD. */
export function repositoryScope(repository: string, access: Access): string {
  return `repository:${repository}:${access === "pull" ? "pull" : "pull,push"}`;
}

/**
 * One scope a resource, in order of first mention (some servers read only the first, some only the last scope, so two for
 * one repository must never be sent), actions united and sorted, `*` swallowing the others.
 */
export function mergeScopes(scopes: readonly string[]): readonly string[] {
  const actionsOf = new Map<string, Set<string>>();
  for (const scope of scopes.flatMap((text) => text.split(/\s+/)).filter((text) => text !== "")) {
    // The name may hold a host and port: split at the last colon.
    const colon = scope.lastIndexOf(":");
    const resource = scope.slice(0, Math.max(colon, 0));
    if (!resource.includes(":")) {
      actionsOf.set(scope, actionsOf.get(scope) ?? new Set());
      continue;
    }
    const actions = actionsOf.get(resource) ?? new Set();
    for (const action of scope.slice(colon + 1).split(",")) if (action !== "") actions.add(action);
    actionsOf.set(resource, actions);
  }
  return [...actionsOf].map(([resource, actions]) => {
    if (actions.size === 0) return resource;
    return `${resource}:${actions.has("*") ? "*" : [...actions].sort().join(",")}`;
  });
}
