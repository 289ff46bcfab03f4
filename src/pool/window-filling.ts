/** One blob on its way into the window: several ranges may arrive at once, one hasher follows the prefix that is whole. */
import type { Hash } from "node:crypto";
import type { BlobSink } from "../content/storage.ts";
import { digestAlgorithm, hasherFor } from "../oci/digest.ts";
import type { Window } from "../tape/window.ts";
import type { FetchJob } from "./jobs.ts";
import { countMoved, type SharedState } from "./shared-state.ts";

/** A range that arrives: blob positions, `end` moves. */
interface Island {
  end: number;
}

export class WindowFilling {
  readonly #job: FetchJob;
  readonly #window: Window;
  readonly #shared: SharedState;
  readonly #hasher: Hash;
  readonly #size: number;
  /** Ranges by their start. */
  readonly #islands = new Map<number, Island>();
  #hashed = 0;

  constructor(job: FetchJob, window: Window, shared: SharedState) {
    this.#job = job;
    this.#window = window;
    this.#shared = shared;
    this.#hasher = hasherFor(job.descriptor.digest);
    this.#size = job.descriptor.size;
  }

  /** The digest of all that came; call once, at the end. */
  digest(): string {
    return `${digestAlgorithm(this.#job.descriptor.digest)}:${this.#hasher.digest("hex")}`;
  }

  get windowBytes(): number {
    return this.#window.capacityBytes;
  }

  /** True when the blob's byte at `position` has room in the window now. */
  hasRoom(position: number): boolean {
    return this.#window.front > this.#job.offset + position - this.#window.capacityBytes;
  }

  /** Resolves once the blob's byte at `position` has room in the window. */
  waitForRoom(position: number): Promise<void> {
    return this.#window.waitForFront(this.#job.offset + position + 1 - this.#window.capacityBytes);
  }

  /** A sink for the bytes from `start` on. Brakes while the window has no room. Bytes that are there already are passed over. */
  sink(start: number): BlobSink {
    const island: Island = { end: start };
    this.#islands.set(start, island);
    return {
      write: (chunk) => {
        const neededFront = this.#job.offset + island.end + chunk.length - this.#window.capacityBytes;
        if (neededFront <= this.#window.front) return this.#place(island, chunk);
        return this.#window.waitForFront(neededFront).then(() => this.#place(island, chunk));
      },
    };
  }

  #place(island: Island, chunk: Uint8Array): void {
    const at = island.end;
    island.end += chunk.length;
    countMoved(this.#shared, chunk.length);
    if (island.end <= this.#hashed) return;
    const fresh = at >= this.#hashed ? chunk : chunk.subarray(this.#hashed - at);
    const freshAt = island.end - fresh.length;
    this.#window.write(this.#job.offset + freshAt, fresh);
    if (freshAt !== this.#hashed) return;
    // Hashed from the chunk, while it is still in the processor's cache.
    this.#hasher.update(fresh);
    this.#hashed = island.end;
    this.#joinIslands();
    if (!this.#job.holdBack)
      this.#window.advance(this.#job.slot, this.#job.offset + Math.min(this.#hashed, this.#size - 1));
  }

  /** Hashes the ranges that now follow the prefix. */
  #joinIslands(): void {
    for (let next = this.#islands.get(this.#hashed); next !== undefined && next.end > this.#hashed; ) {
      const view = this.#window.view(this.#job.offset + this.#hashed, next.end - this.#hashed);
      this.#hasher.update(view);
      this.#hashed += view.length;
      if (this.#hashed >= next.end) next = this.#islands.get(this.#hashed);
    }
  }
}
