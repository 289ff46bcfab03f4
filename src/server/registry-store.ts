/**
 * The registry's directory:
 *
 *     registry.json                       format and version
 *     registry.lock                       the process that writes here
 *     uploads/                            unfinished files; emptied at start
 *     blobs/sha256/<hex>                  every blob once
 *     repositories/<name>/                an OCI image layout; `/` in the name is `+` here, which no name has
 *         oci-layout, index.json
 *         blobs/sha256/<hex>              hard links to the shared blobs; its manifests are its own
 *
 * A repository has a blob when it has the link. So each repository is a whole OCI layout that other tools can read, a
 * mount is one link, and a shared blob with no link left is garbage.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { AceError, directoryStates, systemCodeOf, systemState } from "../errors.ts";
import { BlobDirectory } from "../layout/blob-directory.ts";
import { ImageLayout } from "../layout/image-layout.ts";
import { Ingest } from "../layout/ingest.ts";
import type { Digest } from "../oci/digest.ts";
import { isRepository } from "../oci/reference.ts";
import { takeLock } from "../system/file-lock.ts";
import { replaceFile, type WritePolicy } from "../system/replace-file.ts";

const format = "ace-dt-registry";
const version = 1;

/** How a registry's directory is used. */
export interface StoreOptions {
  readOnly: boolean;
  /** False for a temporary directory: no fsync. */
  durable: boolean;
}

/** Everything the registry keeps on disk. */
export class RegistryStore {
  readonly #policy: WritePolicy;
  readonly #shared: BlobDirectory;
  readonly #repositories = new Map<string, ImageLayout>();
  readonly #creating = new Map<string, Promise<ImageLayout>>();

  private constructor(
    private readonly directory: string,
    durable: boolean,
    private readonly unlock: () => void,
  ) {
    this.#policy = { ingestDirectory: join(directory, "uploads"), durable };
    this.#shared = new BlobDirectory(join(directory, "blobs"), this.#policy);
  }

  /**
   * Opens a directory, makes it when there is none, and clears away what a crash left. Call {@link RegistryStore.close}.
   * @throws AceError `input` when the directory is something else or in use, `medium` when it cannot be written
   */
  static async open(directory: string, options: StoreOptions): Promise<RegistryStore> {
    try {
      return await openStore(
        directory,
        options,
        (unlock) => new RegistryStore(directory, options.durable, unlock),
      );
    } catch (cause) {
      if (cause instanceof AceError) throw cause;
      throw new AceError(
        "medium",
        `Cannot use ${JSON.stringify(directory)} as the registry's directory: ${systemState(cause, directoryStates)}`,
        { cause, hint: "Name a directory that this user may write to." },
      );
    }
  }

  /** The repository, or undefined when nothing was ever pushed to it. @param name a valid name */
  repository(name: string): ImageLayout | undefined {
    const open = this.#repositories.get(name);
    if (open !== undefined || this.#creating.has(name)) return open;
    const directory = this.#directoryOf(name);
    if (statSync(directory, { throwIfNoEntry: false }) === undefined) return undefined;
    const layout = ImageLayout.open(directory, this.#policy);
    this.#repositories.set(name, layout);
    return layout;
  }

  /** The repository, made when it is new. */
  async ensureRepository(name: string): Promise<ImageLayout> {
    const open = this.repository(name);
    if (open !== undefined) return open;
    const underWay = this.#creating.get(name);
    if (underWay !== undefined) return underWay;
    const creating = ImageLayout.create(this.#directoryOf(name), this.#policy);
    this.#creating.set(name, creating);
    try {
      const layout = await creating;
      this.#repositories.set(name, layout);
      return layout;
    } finally {
      this.#creating.delete(name);
    }
  }

  /** Names of all repositories in byte order. */
  repositoryNames(): readonly string[] {
    return readdirSync(join(this.directory, "repositories"))
      .map((entry) => entry.replaceAll("+", "/"))
      .filter(isRepository)
      .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /** A new unfinished file. @param algorithm the digest algorithm that the client will name in the end */
  newIngest(algorithm: string): Ingest {
    return new Ingest(this.#policy, algorithm);
  }

  /**
   * Ends an upload: when the content has the expected digest, it becomes a blob of the repository.
   * The ingest is used up either way.
   * @returns the digest of what was uploaded; nothing was kept unless it is the expected one
   */
  async adoptBlob(ingest: Ingest, expected: Digest, name: string): Promise<Digest> {
    using upload = ingest;
    const actual = await upload.digest(expected);
    if (actual !== expected) return actual;
    const { blobs } = await this.ensureRepository(name);
    const isStored = () => this.#shared.sizeOf(expected) === upload.size;
    // Of bytes that are stored already, this file will be thrown away: no fsync.
    if (!isStored()) await upload.finish();
    // No await from the last look to the link: a deletion elsewhere cannot take the shared blob away in between.
    if (!isStored()) this.#shared.take(upload.path, expected);
    const held = blobs.sizeOf(expected);
    // A file of another size under this name was damaged by someone; this upload repairs it.
    if (held !== undefined && held !== upload.size) blobs.remove(expected);
    if (held !== upload.size) blobs.link(this.#shared.pathOf(expected), expected);
    await Promise.all([this.#shared.settle(expected), blobs.settle(expected)]);
    return actual;
  }

  /**
   * Gives a repository a blob that another one has.
   * @param from the other repository; undefined for any
   * @returns false when there is no such blob
   */
  async mountBlob(digest: Digest, from: string | undefined, name: string): Promise<boolean> {
    const source = () => (from === undefined ? this.#shared : this.repository(from)?.blobs);
    if (source()?.sizeOf(digest) === undefined) return false;
    const { blobs } = await this.ensureRepository(name);
    const origin = source();
    if (origin?.sizeOf(digest) === undefined) return false;
    blobs.link(origin.pathOf(digest), digest);
    await blobs.settle(digest);
    return true;
  }

  /** Takes a blob from a repository, and its bytes from the disk when no other has it. False when it was not there. */
  async deleteBlob(digest: Digest, layout: ImageLayout): Promise<boolean> {
    const found = layout.blobs.remove(digest);
    if (this.#shared.sharersOf(digest) === 1) this.#shared.remove(digest);
    if (found) await layout.blobs.settle(digest);
    return found;
  }

  /** Lets another process use the directory. */
  close(): void {
    this.unlock();
  }

  /** Removes shared blobs that no repository has: left by a crash between an upload and its link. */
  sweep(): void {
    const root = join(this.directory, "blobs");
    for (const algorithm of readdirSync(root)) {
      for (const name of readdirSync(join(root, algorithm))) {
        const file = join(root, algorithm, name);
        if (statSync(file).nlink === 1) rmSync(file);
      }
    }
  }

  #directoryOf(name: string): string {
    return join(this.directory, "repositories", name.replaceAll("/", "+"));
  }
}

async function openStore(
  directory: string,
  { readOnly, durable }: StoreOptions,
  create: (unlock: () => void) => RegistryStore,
): Promise<RegistryStore> {
  const marker = join(directory, "registry.json");
  const known = checkMarker(directory, marker);
  if (readOnly) {
    if (!known)
      throw new AceError("input", `Cannot serve ${JSON.stringify(directory)}: it holds no registry`);
    return create(() => undefined);
  }
  const uploads = join(directory, "uploads");
  mkdirSync(uploads, { recursive: true });
  const unlock = lockDirectory(directory);
  try {
    for (const name of readdirSync(uploads)) rmSync(join(uploads, name), { recursive: true });
    if (!known)
      await replaceFile(marker, JSON.stringify({ format, version }), { ingestDirectory: uploads, durable });
    for (const name of ["blobs", "repositories"]) mkdirSync(join(directory, name), { recursive: true });
    const store = create(unlock);
    store.sweep();
    return store;
  } catch (error) {
    unlock();
    throw error;
  }
}

/**
 * Locks a directory against other registries, those of other containers too.
 * @returns the function that unlocks it
 * @throws AceError `input` when another one has it
 */
function lockDirectory(directory: string): () => void {
  const found = takeLock(join(directory, "registry.lock"));
  if ("path" in found) return () => found[Symbol.dispose]();
  const { heldBy = "another process", file } = found;
  throw new AceError(
    "input",
    `Cannot use ${JSON.stringify(directory)}: the registry of ${heldBy} writes to it`,
    {
      hint:
        file === undefined
          ? "Stop that one, or use another directory."
          : `Stop that one, or use another directory. This file system knows no locks: if no such process runs any more, remove ${file}`,
    },
  );
}

/** True when the directory is a registry's; false when it is new. Other directories are left alone. */
function checkMarker(directory: string, marker: string): boolean {
  let text: string;
  try {
    text = readFileSync(marker, "utf8");
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw error;
    const foreign = ["blobs", "oci-layout", "index.json"].find(
      (name) => statSync(join(directory, name), { throwIfNoEntry: false }) !== undefined,
    );
    if (foreign === undefined) return false;
    throw new AceError(
      "input",
      `Cannot use ${JSON.stringify(directory)} as the registry's directory: it holds ${JSON.stringify(foreign)}, but not from a registry`,
      { hint: "Name a new directory." },
    );
  }
  if (text === JSON.stringify({ format, version })) return true;
  throw new AceError(
    "input",
    `Cannot use ${JSON.stringify(marker)}: this version reads ${format} version ${version}`,
  );
}
