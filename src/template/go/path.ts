/** Slash-separated paths as Go's package `path` handles them; byte strings in, byte strings out. */

/** The shortest path that means the same, worked out from the text alone (Go's `path.Clean`); "" becomes ".". */
export function cleanPath(path: string): string {
  const rooted = path.startsWith("/");
  const kept: string[] = [];
  for (const element of path.split("/")) {
    if (element === "" || element === ".") continue;
    if (element !== "..") kept.push(element);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!rooted) kept.push("..");
  }
  const joined = kept.join("/");
  return rooted ? `/${joined}` : joined || ".";
}

/** The last element, without trailing slashes (Go's `path.Base`): "" gives ".", slashes alone give "/". */
export function basePath(path: string): string {
  if (path === "") return ".";
  const end = endWithoutSlashes(path);
  return end === 0 ? "/" : path.slice(path.lastIndexOf("/", end - 1) + 1, end);
}

/** All but the last element, cleaned (Go's `path.Dir`). */
export function directoryOf(path: string): string {
  return cleanPath(path.slice(0, path.lastIndexOf("/") + 1));
}

/** What follows the last dot of the last element, with the dot (Go's `path.Ext`); "" if there is none. */
export function extensionOf(path: string): string {
  const dot = path.lastIndexOf(".");
  return dot > path.lastIndexOf("/") ? path.slice(dot) : "";
}

/** Whether the path begins at the root (Go's `path.IsAbs`). */
export function isAbsolutePath(path: string): boolean {
  return path.startsWith("/");
}

function endWithoutSlashes(path: string): number {
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end--;
  return end;
}
