/** The local store as the main thread of one run uses it: opened when a verb asks for it, and never a reason to fail. */
import { existsSync } from "node:fs";
import { Limiter } from "../async/limiter.ts";
import type { Config } from "../config/config.ts";
import type { ManifestCache } from "../content/storage.ts";
import { AceError } from "../errors.ts";
import { LocalStore } from "../layout/local-store.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { manifestLimitBytes, type RawManifest } from "../oci/manifest.ts";
import { isManifestType } from "../oci/media-types.ts";
import { storeNotice } from "../pool/blobs/store-access.ts";
import type { Pool } from "../pool/pool.ts";
import { isStoreFull, markStoreFull } from "../pool/shared-state.ts";
import type { Ui } from "../ui/open-ui.ts";

/** Manifests written at the same time. */
const writesAtOnce = 8;

/** Bytes of manifests that may wait for the disk; more are not kept, since nothing waits for it. */
const mostWaitingBytes = 16 * 1024 * 1024;

/** What a waiting manifest costs beside its bytes. */
const waitingCost = 4096;

/** What a run needs of its configuration for the store. */
export type StoreConfig = Pick<Config, "cachePath" | "isCacheNamed">;

export class RunStore implements ManifestCache {
  readonly #config: StoreConfig;
  readonly #pool: Pool;
  readonly #log: Ui["log"];
  /** What is looked into. */
  #reading: LocalStore | undefined;
  /** What is written to, once it was opened for that; looked into as well, but for a verb that only needs it. */
  #open: LocalStore | undefined;
  readonly #writes = new Limiter(writesAtOnce);
  #waitingBytes = 0;

  constructor(config: StoreConfig, pool: Pool, log: Ui["log"]) {
    this.#config = config;
    this.#pool = pool;
    this.#log = log;
  }

  /**
   * For verbs that read registries which may be far: from now on, manifests and blobs are taken from the store when it has them,
   * and put there when the user named its place. Before the first job of the pool.
   */
  use(): void {
    const { cachePath, isCacheNamed } = this.#config;
    if (cachePath === undefined || (!isCacheNamed && !existsSync(cachePath))) return;
    try {
      if (isCacheNamed) this.#open ??= LocalStore.open(cachePath);
    } catch (error) {
      this.#giveUp(error);
    }
    this.#reading = this.#open ?? LocalStore.attach({ directory: cachePath, ingestDirectory: undefined });
    this.#pool.store = this.#reading.handle;
  }

  /**
   * For verbs that cannot do without, such as one that must read a pipe twice. The run closes it.
   * @throws AceError `config` when the store is switched off or has no place, `medium` when it cannot be written to
   */
  need(purpose: string): LocalStore {
    const { cachePath } = this.#config;
    if (cachePath === undefined) {
      throw new AceError("config", `Cannot ${purpose}: the local store is off`, {
        hint: "Name a directory for it: cachePath in the configuration, or ACE_DT_CACHE_PATH.",
      });
    }
    this.#open ??= LocalStore.open(cachePath);
    return this.#open;
  }

  /** A manifest's bytes, checked; undefined when the store does not have them. */
  async find(descriptor: Descriptor): Promise<Uint8Array | undefined> {
    const { mediaType, size } = descriptor;
    if (!isManifestType(mediaType) || size > manifestLimitBytes) return undefined;
    return await this.#reading?.readWhole(descriptor);
  }

  /** Keeps a manifest, some time later. */
  keep(manifest: RawManifest): void {
    const store = this.#open;
    if (store === undefined || this.#reading !== store || this.#waitingBytes >= mostWaitingBytes) return;
    const cost = manifest.bytes.length + waitingCost;
    this.#waitingBytes += cost;
    void this.#writes.start(async () => {
      await this.#write(manifest, store);
      this.#waitingBytes -= cost;
    });
  }

  /** Waits for what is being kept, and ends the use. */
  async close(): Promise<void> {
    await this.#writes.idle();
    this.#reading = undefined;
    this.#open?.close();
    this.#open = undefined;
  }

  async #write({ descriptor, bytes }: RawManifest, store: LocalStore): Promise<void> {
    if (isStoreFull(this.#pool.shared)) return;
    try {
      using ingest = store.ingest(descriptor);
      ingest.write(bytes);
      await ingest.commit();
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Nothing is kept from now on, on any thread; who finds that out first says why. */
  #giveUp(error: unknown): void {
    if (!markStoreFull(this.#pool.shared)) return;
    const { level, text } = storeNotice(error);
    this.#log(level, text);
  }
}
