/** One blob on its way into the window: several ranges may arrive at once, one hasher follows the prefix that is whole, here or in another thread. */
import type { Hash } from "node:crypto";
import type { BlobSink } from "../../content/storage.ts";
import { digestAlgorithm, hasherFor } from "../../oci/digest.ts";
import { OutgoingWindow } from "../../tape/window/outgoing-window.ts";
import type { Window } from "../../tape/window/window.ts";
import type { FetchJob } from "../jobs.ts";
import { countMoved, type SharedState } from "../shared-state.ts";

/** A range that arrives: blob positions, `end` moves. */
interface Island {
  end: number;
}

/** Bytes after which the next thread is told, and that are hashed at a time of what arrived ahead of its turn. */
const stepBytes = 1024 * 1024;

export class WindowFilling {
  readonly #job: FetchJob<Window>;
  readonly #window: OutgoingWindow;
  readonly #shared: SharedState;
  readonly #observed: ((bytes: Uint8Array) => void) | undefined;
  /** undefined when another thread hashes. */
  readonly #hasher: Hash | undefined;
  readonly #size: number;
  /** Ranges by their start. */
  readonly #islands = new Map<number, Island>();
  #whole = 0;
  /** The step that somebody was woken for last. */
  #toldStep: number;

  /** @param observed given every byte once, in order */
  constructor(job: FetchJob<Window>, shared: SharedState, observed?: (bytes: Uint8Array) => void) {
    this.#job = job;
    this.#window = OutgoingWindow.of(job.window);
    this.#shared = shared;
    this.#observed = observed;
    this.#hasher = job.hashedElsewhere ? undefined : hasherFor(job.descriptor.digest);
    this.#size = job.descriptor.size;
    this.#toldStep = this.#step();
  }

  /** The digest of all that came, undefined when another thread hashes; call once, at the end. */
  digest(): string | undefined {
    if (this.#hasher === undefined) return undefined;
    return `${digestAlgorithm(this.#job.descriptor.digest)}:${this.#hasher.digest("hex")}`;
  }

  /** Everything before this position of the blob is there, and hashed if that is done here. */
  get whole(): number {
    return this.#whole;
  }

  /** Takes the blob's first bytes, which are on the medium already: they are hashed and not put into the window. */
  async keep(pieces: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const piece of pieces) {
      this.#window.throwIfAborted();
      this.#follow(piece);
      this.#whole += piece.length;
    }
  }

  get windowBytes(): number {
    return this.#window.capacityBytes;
  }

  /** True when the blob's byte at `position` has room in the window now. */
  hasRoom(position: number): boolean {
    return this.#window.hasRoom(this.#job.offset + position + 1);
  }

  /** Resolves once the blob's byte at `position` has room in the window. */
  waitForRoom(position: number): Promise<void> {
    return this.#window.waitForRoom(this.#job.offset + position + 1);
  }

  /** A sink for the bytes from `start` on. Brakes while the window has no room. Bytes that are there already are passed over. */
  sink(start: number): BlobSink {
    const island: Island = { end: start };
    this.#islands.set(start, island);
    return {
      write: (chunk) => {
        const end = this.#job.offset + island.end + chunk.length;
        if (this.#window.hasRoom(end)) return this.#place(island, chunk);
        // Only what is known can be drained, and make room.
        this.#show(true);
        return this.#window.waitForRoom(end).then(() => this.#place(island, chunk));
      },
    };
  }

  #place(island: Island, chunk: Uint8Array): void {
    const at = island.end;
    island.end += chunk.length;
    countMoved(this.#shared, chunk.length);
    if (island.end <= this.#whole) return;
    const fresh = at >= this.#whole ? chunk : chunk.subarray(this.#whole - at);
    const freshAt = island.end - fresh.length;
    this.#window.write(this.#job.offset + freshAt, fresh);
    if (freshAt !== this.#whole) return;
    // Hashed from the chunk, while it is still in the processor's cache.
    this.#follow(fresh);
    this.#whole = island.end;
    this.#show();
    this.#joinIslands();
  }

  /** Takes in the ranges that now follow the prefix. */
  #joinIslands(): void {
    for (let next = this.#islands.get(this.#whole); next !== undefined && next.end > this.#whole; ) {
      const length = Math.min(stepBytes, next.end - this.#whole);
      const view = this.#window.view(this.#job.offset + this.#whole, length);
      this.#follow(view);
      this.#whole += view.length;
      // Whoever comes next need not wait for the last of the ranges.
      this.#show();
      if (this.#whole >= next.end) next = this.#islands.get(this.#whole);
    }
  }

  #follow(bytes: Uint8Array): void {
    this.#hasher?.update(bytes);
    this.#observed?.(bytes);
  }

  /**
   * Shows the prefix to whoever comes next: the thread that hashes, or the writer, who never gets the last byte unverified. Each of
   * them takes a step at a time, so that waking it for less costs time for nothing.
   */
  #show(wakes = this.#whole === this.#size || this.#step() !== this.#toldStep): void {
    if (wakes) this.#toldStep = this.#step();
    const { segment, offset, holdBack } = this.#job;
    if (this.#hasher === undefined) this.#window.receive(segment, offset + this.#whole, wakes);
    else if (!holdBack) this.#window.fill(segment, offset + Math.min(this.#whole, this.#size - 1), wakes);
  }

  /** Steps of the archive that are whole: blocks of the writer end where these do, unless they are smaller. */
  #step(): number {
    return Math.floor((this.#job.offset + this.#whole) / stepBytes);
  }
}
