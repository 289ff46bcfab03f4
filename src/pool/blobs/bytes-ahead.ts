/** A blob's bytes on their way from one registry to another: some of them are there before the upload gets its connection. */

/** Opens a reading of the blob from `offset` to `end`; a piece is gone when the next is asked for. */
type Open = (offset: number, end: number) => AsyncIterable<Uint8Array>;

/**
 * A part of the blob that is not large is read whole, and kept until the next is asked for: whoever reads and whoever sends need no
 * connections at the same time. Of a larger one the first piece is read, so that the source has answered when the upload begins.
 */
export class BytesAhead {
  readonly #open: Open;
  readonly #size: number;
  readonly #mostKept: number;
  #kept: { offset: number; end: number; pieces: readonly Uint8Array[] } | undefined;
  #begun: Begun | undefined;

  /**
   * @param size of the blob
   * @param mostKept bytes of a part that is kept
   */
  constructor(open: Open, size: number, mostKept: number) {
    this.#open = open;
    this.#size = size;
    this.#mostKept = mostKept;
  }

  /** Gets ready for {@link BytesAhead.pieces} of a part. @throws what the reading throws */
  async prepare(offset: number, end: number): Promise<void> {
    if (this.#kept !== undefined && this.#kept.offset <= offset && end <= this.#kept.end) return;
    await this.close();
    if (end - offset > this.#mostKept) this.#begun = await begin(this.#open(offset, this.#size), offset);
    else {
      const pieces: Uint8Array[] = [];
      for await (const piece of this.#open(offset, end)) pieces.push(Buffer.from(piece));
      this.#kept = { offset, end, pieces };
    }
  }

  /** The bytes from `offset` on: to the end of the part that was prepared, or of the blob. */
  async *pieces(offset: number): AsyncGenerator<Uint8Array, void, undefined> {
    const kept = this.#kept;
    if (kept !== undefined && kept.offset <= offset && offset < kept.end) {
      let at = kept.offset;
      for (const piece of kept.pieces) {
        if (at + piece.length > offset) yield piece.subarray(Math.max(0, offset - at));
        at += piece.length;
      }
      return;
    }
    const begun = this.#begun?.offset === offset ? this.#begun : undefined;
    this.#begun = undefined;
    if (begun === undefined) {
      yield* this.#open(offset, this.#size);
      return;
    }
    try {
      for (let next = begun.first; next.done !== true; next = await begun.rest.next()) yield next.value;
    } finally {
      await begun.rest.return?.();
    }
  }

  /** Ends a reading that was begun and that nobody took. */
  async close(): Promise<void> {
    const begun = this.#begun;
    this.#begun = undefined;
    this.#kept = undefined;
    await begun?.rest.return?.();
  }
}

/** A reading, and what came first. */
interface Begun {
  offset: number;
  first: IteratorResult<Uint8Array, unknown>;
  rest: AsyncIterator<Uint8Array, unknown>;
}

async function begin(reading: AsyncIterable<Uint8Array>, offset: number): Promise<Begun> {
  const rest = reading[Symbol.asyncIterator]();
  return { offset, first: await rest.next(), rest };
}
