/** `blobs/<algorithm>/<hex>`: the content-addressed half of an OCI layout (image-spec image-layout.md, "Blobs"). */
import { copyFileSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemCodeOf } from "../errors.ts";
import { type Digest, digestAlgorithm, digestHex } from "../oci/digest.ts";
import { syncDirectory, type WritePolicy } from "../system/replace-file.ts";
import { groupCommit } from "./group-commit.ts";

/**
 * Finished blobs by digest. Names are made and removed synchronously, so that within this process a look-up and the
 * change that depends on it are one step; only waiting for the disk is asynchronous, and shared by whoever waits.
 */
export class BlobDirectory {
  readonly #commits = new Map<string, () => Promise<void>>();

  /** @param root the `blobs` directory; made when the first blob arrives */
  constructor(
    readonly root: string,
    private readonly policy: WritePolicy,
  ) {}

  /** Where a blob is or would be. */
  pathOf(digest: Digest): string {
    return join(this.root, digestAlgorithm(digest), digestHex(digest));
  }

  /** Bytes of a blob; undefined when it is not here. */
  sizeOf(digest: Digest): number | undefined {
    return statSync(this.pathOf(digest), { throwIfNoEntry: false })?.size;
  }

  /** How many directories share the blob's file; 0 when it is not here. */
  sharersOf(digest: Digest): number {
    return statSync(this.pathOf(digest), { throwIfNoEntry: false })?.nlink ?? 0;
  }

  /** Moves a finished, fsync'ed file in; it replaces a blob of the same digest, which has the same bytes. */
  take(file: string, digest: Digest): void {
    this.#ready(digest);
    renameSync(file, this.pathOf(digest));
  }

  /**
   * Gives another directory's blob a name here too (a hard link), so that each directory is whole by itself.
   * @throws the system's error, ENOENT when the file is gone
   */
  link(file: string, digest: Digest): void {
    this.#ready(digest);
    try {
      linkSync(file, this.pathOf(digest));
    } catch (error) {
      const code = systemCodeOf(error);
      if (code === "EEXIST") return;
      // ext4 allows 65000 links to a file, btrfs fewer: something as common as `{}` is then stored once more.
      if (code !== "EMLINK") throw error;
      const copy = join(this.policy.ingestDirectory, `${digestHex(digest)}.copy`);
      copyFileSync(file, copy);
      renameSync(copy, this.pathOf(digest));
    }
  }

  /** Removes a blob's name; true when it was there. */
  remove(digest: Digest): boolean {
    try {
      rmSync(this.pathOf(digest));
      return true;
    } catch (error) {
      if (systemCodeOf(error) === "ENOENT") return false;
      throw error;
    }
  }

  /** Waits until the names of this digest's algorithm are durable. Callers that wait at the same time share one fsync. */
  async settle(digest: Digest): Promise<void> {
    if (this.policy.durable) await this.#ready(digest)();
  }

  #ready(digest: Digest): () => Promise<void> {
    const algorithm = digestAlgorithm(digest);
    const known = this.#commits.get(algorithm);
    if (known !== undefined) return known;
    const directory = join(this.root, algorithm);
    const isNew = mkdirSync(directory, { recursive: true }) !== undefined;
    let parentIsDurable = !isNew;
    const commit = groupCommit(async () => {
      await syncDirectory(directory);
      if (parentIsDurable) return;
      await syncDirectory(this.root);
      parentIsDurable = true;
    });
    this.#commits.set(algorithm, commit);
    return commit;
  }
}
