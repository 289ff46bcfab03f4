/** A big blob over several connections: ranges in order, each claimed by whichever lane is free. */
import type { BlobSink } from "../../content/storage.ts";
import { RangeUnsupportedError } from "../../registry/blob-receiver.ts";
import type { BlobSource } from "../../registry/read-blob.ts";
import type { WindowFilling } from "./window-filling.ts";
import type { WorkerContext } from "./worker-context.ts";

/** Connections one blob may use; more only take turns at the same thread. */
const mostLanes = 8;

/**
 * Reads what the filling lacks of the blob. Where a range has begun to arrive another lane starts, while there are connections that
 * nobody else wants and the window has room for its range. A server without ranges gets one connection, from the start.
 */
export async function fetchParts(
  filling: WindowFilling,
  source: BlobSource,
  context: WorkerContext,
): Promise<void> {
  const lanes = new Lanes(filling, source, context);
  if (await lanes.run()) return;
  await source.read({ sink: filling.sink(0) });
}

/** Reads what the filling lacks by one connection; from the blob's start where the server knows no ranges. */
export async function readRest(filling: WindowFilling, source: BlobSource): Promise<void> {
  const start = filling.whole;
  try {
    await source.read({ start, sink: filling.sink(start) });
  } catch (error) {
    if (!(error instanceof RangeUnsupportedError)) throw error;
    await source.read({ sink: filling.sink(0) });
  }
}

class Lanes {
  readonly #filling: WindowFilling;
  readonly #source: BlobSource;
  readonly #context: WorkerContext;
  #next: number;
  #ranges = true;
  readonly #running: Promise<void>[] = [];
  readonly #stop = new AbortController();
  readonly #over = Promise.withResolvers<void>();
  #failure: { error: unknown } | undefined;

  constructor(filling: WindowFilling, source: BlobSource, context: WorkerContext) {
    this.#filling = filling;
    this.#next = filling.whole;
    this.#source = source;
    this.#context = context;
  }

  /**
   * Resolves when no lane runs any more: a lane that is left behind would write into a window that others use.
   * @returns false when the server does not do ranges
   */
  async run(): Promise<boolean> {
    this.#running.push(this.#lane());
    // Lanes are added while others run, so the list grows under the loop.
    for (let i = 0; i < this.#running.length; i++) await this.#running[i];
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#ranges;
  }

  get #isOver(): boolean {
    return !this.#ranges || this.#failure !== undefined;
  }

  /** Never rejects: the first failure is kept, and stops the other lanes. */
  async #lane(): Promise<void> {
    const { partSize } = this.#context;
    try {
      while (!this.#isOver && this.#next < this.#source.descriptor.size) {
        const start = this.#next;
        this.#next = Math.min(
          start + partSize.bytes(this.#filling.windowBytes),
          this.#source.descriptor.size,
        );
        const end = this.#next;
        // What failed leaves a gap that no room comes behind.
        await Promise.race([this.#filling.waitForRoom(start), this.#over.promise]);
        if (this.#isOver) return;
        await this.#source.read({
          start,
          end,
          sink: this.#sink(start),
          signal: this.#stop.signal,
        });
        partSize.look();
      }
    } catch (error) {
      if (error instanceof RangeUnsupportedError) {
        this.#ranges = false;
        this.#over.resolve();
        return;
      }
      this.#failure ??= { error };
      this.#stop.abort(error);
      this.#over.resolve();
    }
  }

  #sink(start: number): BlobSink {
    const sink = this.#filling.sink(start);
    let begun = false;
    const write = (chunk: Uint8Array) => {
      if (!begun) this.#addLane();
      begun = true;
      return sink.write(chunk);
    };
    return { write };
  }

  #addLane(): void {
    if (
      this.#running.length < mostLanes &&
      this.#next < this.#source.descriptor.size &&
      this.#filling.hasRoom(this.#next) &&
      this.#source.spareConnections > 0
    )
      this.#running.push(this.#lane());
  }
}
