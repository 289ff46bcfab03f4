/** A directory that is gone when its owner is done. */
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** `await using dir = await tempDir()`. */
export interface TempDir extends AsyncDisposable {
  /** Absolute, without symbolic links. */
  path: string;
  /** A path inside. */
  file(name: string): string;
}

/** Makes an empty directory; disposing removes it and everything in it. */
export async function tempDir(prefix = "ace-dt-test-"): Promise<TempDir> {
  const path = await realpath(await mkdtemp(join(tmpdir(), prefix)));
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
