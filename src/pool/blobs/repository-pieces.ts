/** A registry's blob as pieces to be pulled: the bridge from a client that pushes to a request body that asks. */

import { RangeUnsupportedError } from "../../registry/blob-receiver.ts";
import type { BlobSource } from "../../registry/read-blob.ts";
import { freeChunk, sentChunkBytes } from "../../system/free-chunk.ts";

/**
 * Yields a blob's bytes from `offset` on, to its end or `end`. The next piece is read from the socket only when the one before
 * was taken, so a slow taker slows the registry down. Leaving the loop early ends the request. A piece is gone when the next is asked for.
 * From a registry that ignores Range the bytes before `offset` are read too, and dropped.
 */
export async function* repositoryPieces(
  source: BlobSource,
  offset: number,
  signal: AbortSignal,
  end: number = source.descriptor.size,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (offset >= end) return;
  const stop = new AbortController();
  const handover = new Handover();
  const signals = AbortSignal.any([signal, stop.signal]);
  const reading = readFrom(source, offset, end, handover, signals).then(
    () => handover.end(),
    (error: unknown) => handover.fail(error),
  );
  try {
    for (let piece = await handover.take(); piece !== undefined; piece = await handover.take()) {
      yield piece;
      freeChunk(piece, sentChunkBytes);
    }
  } finally {
    stop.abort();
    handover.end();
    await reading;
  }
}

async function readFrom(
  source: BlobSource,
  offset: number,
  end: number,
  handover: Handover,
  signal: AbortSignal,
): Promise<void> {
  try {
    await source.read({
      start: offset,
      end,
      sink: { write: (chunk) => handover.give(chunk) },
      signal,
    });
  } catch (error) {
    // It is thrown before the first byte.
    if (!(error instanceof RangeUnsupportedError)) throw error;
    let position = 0;
    const write = (chunk: Uint8Array) => {
      const dropped = Math.min(chunk.length, Math.max(0, offset - position));
      position += chunk.length;
      return handover.give(chunk.subarray(dropped));
    };
    await source.read({ end, sink: { write }, signal });
  }
}

/** One chunk at a time from a giver to a taker. */
class Handover {
  #chunk: Uint8Array | undefined;
  #taken: (() => void) | undefined;
  #arrived: (() => void) | undefined;
  #state: { done: boolean; error?: unknown; failed: boolean } = { done: false, failed: false };

  /** Resolves when the taker has come back for the next one. */
  give(chunk: Uint8Array): Promise<void> | void {
    if (this.#state.done || chunk.length === 0) return;
    this.#chunk = chunk;
    this.#arrived?.();
    return new Promise((resolve) => {
      this.#taken = resolve;
    });
  }

  async take(): Promise<Uint8Array | undefined> {
    this.#taken?.();
    this.#taken = undefined;
    while (this.#chunk === undefined && !this.#state.done) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    const chunk = this.#chunk;
    this.#chunk = undefined;
    if (chunk === undefined && this.#state.failed) throw this.#state.error;
    return chunk;
  }

  end(): void {
    this.#state.done = true;
    this.#taken?.();
    this.#arrived?.();
  }

  fail(error: unknown): void {
    if (!this.#state.done) this.#state = { done: true, failed: true, error };
    this.#arrived?.();
  }
}
