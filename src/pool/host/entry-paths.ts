/** Where the entry points of threads are: beside the sources, or inside the compiled binary. The only file that knows. */

/** Bun mounts the files embedded in a compiled binary here (bun.sh/docs/bundler/executables). */
const embeddedRoot = "/$bunfs/root/";

/** True in a binary made by `bun build --compile`. */
export const isCompiled = import.meta.url.includes("/$bunfs/");

/** Threads that are started for one piece of work. */
export type ThreadName = "filler" | "writer" | "reader" | "tape";

/** The path of a thread's entry point in workers/, to be given to `new Worker` or piscina. */
export function entryPath(name: ThreadName | "blob-worker" | "compressor"): string {
  if (isCompiled) return `${embeddedRoot}workers/${name}.js`;
  return new URL(`../../../workers/${name}.ts`, import.meta.url).pathname;
}
