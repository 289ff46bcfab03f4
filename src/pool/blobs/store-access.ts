/** The local store as a blob worker uses it: what goes wrong with it costs a notice, never the job. */

import { AceError, messageOf } from "../../errors.ts";
import { LocalStore, type StoreHandle } from "../../layout/local-store.ts";
import type { StoreIngest } from "../../layout/store-ingest.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Notice } from "../host/thread-contract.ts";
import { isStoreFull, markStoreFull, type SharedState } from "../shared-state.ts";

/** The store of this thread; without a handle it has nothing and takes nothing. */
export class StoreAccess {
  readonly #store: LocalStore | undefined;
  readonly #takes: boolean;
  readonly #shared: SharedState;
  readonly #tell: (notice: Notice) => void;
  #isUnreadable = false;

  constructor(handle: StoreHandle | undefined, shared: SharedState, tell: (notice: Notice) => void) {
    this.#store = handle === undefined ? undefined : LocalStore.attach(handle);
    this.#takes = handle?.ingestDirectory !== undefined;
    this.#shared = shared;
    this.#tell = tell;
  }

  /** The store when it has a file of the blob's size; whether the bytes are right is not known yet. */
  holderOf(descriptor: Descriptor): LocalStore | undefined {
    return this.#store?.has(descriptor) ? this.#store : undefined;
  }

  /** The same, once the bytes are known to be right. A damaged file is removed. */
  async checkedHolderOf(descriptor: Descriptor): Promise<LocalStore | undefined> {
    const store = this.holderOf(descriptor);
    if (store === undefined) return undefined;
    if (await store.check(descriptor)) return store;
    this.#tellDamaged(descriptor);
    return undefined;
  }

  /** The store's bytes turned out to be wrong: away with them. */
  dropDamaged(descriptor: Descriptor): void {
    this.#store?.remove(descriptor.digest);
    this.#tellDamaged(descriptor);
  }

  /** Takes the blob as it arrives; one that the store will not have goes nowhere. */
  keeping(descriptor: Descriptor): Keeping {
    const may = this.#takes && !isStoreFull(this.#shared);
    return new Keeping(may ? () => this.#store?.ingest(descriptor) : () => undefined, (error) =>
      this.#giveUp(error),
    );
  }

  /** Says once a thread that the store has a blob and cannot give it: the rest comes from the registry. */
  tellUnreadable(error: unknown): undefined {
    if (this.#isUnreadable) return;
    this.#isUnreadable = true;
    this.#tell({ level: "warn", text: `${messageOf(error)}: fetching it again` });
  }

  #tellDamaged(descriptor: Descriptor): void {
    this.#tell({
      level: "warn",
      text: `${descriptor.digest} in the local store was damaged: fetching it again`,
    });
  }

  /** Every thread of the run stops filling the store; the first one says why. */
  #giveUp(error: unknown): void {
    if (error instanceof AceError && error.code === "digest") return;
    if (markStoreFull(this.#shared)) this.#tell(storeNotice(error));
  }
}

/** What an operator is told when the store takes no more. */
export function storeNotice(error: unknown): Notice {
  return { level: "warn", text: `going on without keeping anything: ${messageOf(error)}` };
}

/** A blob on its way into the store; never throws. */
export class Keeping implements Disposable {
  #ingest: StoreIngest | undefined;
  readonly #giveUp: (error: unknown) => void;

  constructor(begin: () => StoreIngest | undefined, giveUp: (error: unknown) => void) {
    this.#giveUp = giveUp;
    this.#try(() => {
      this.#ingest = begin();
    });
  }

  /** Takes the next bytes, in order. */
  write(chunk: Uint8Array): void {
    this.#try(() => this.#ingest?.write(chunk));
  }

  /** All bytes have come. Resolves when the store has them, or has not. */
  async commit(): Promise<void> {
    try {
      await this.#ingest?.commit();
    } catch (error) {
      this.#giveUp(error);
    }
    this.#ingest = undefined;
  }

  /** Throws away what came; after a commit it does nothing. */
  [Symbol.dispose](): void {
    this.#try(() => this.#ingest?.abort());
    this.#ingest = undefined;
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      const ingest = this.#ingest;
      this.#ingest = undefined;
      this.#giveUp(error);
      ingest?.abort();
    }
  }
}
