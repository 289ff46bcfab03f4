/** The memory of a window: a ring of bytes in one piece or several, and the shared words beside it. */
import { AceError } from "../../errors.ts";

/** Memory that several threads see. */
export interface SharedMemory {
  /** Pieces of one size, one behind the other: the engine gives at most 4 GiB at once. */
  data: readonly SharedArrayBuffer[];
  control: SharedArrayBuffer;
}

/** How much. */
export interface MemorySize {
  /** A multiple of `chunkBytes`. */
  capacityBytes: number;
  /** Of a piece. */
  chunkBytes: number;
  controlBytes: number;
}

/** Memory of windows that are over. Garbage collectors of several threads would all have to let go of it first. */
const spare: SharedMemory[] = [];

/** Lets the next window have memory that no thread uses any more. */
export function giveBackMemory({ data, control }: SharedMemory): void {
  spare.push({ data, control });
}

/**
 * Memory that was {@link giveBackMemory given back} if it is as large, or new; its control words are zero.
 * @throws RangeError of the engine when there is not so much
 */
export function takeMemory({ capacityBytes, chunkBytes, controlBytes }: MemorySize): SharedMemory {
  const chunks = capacityBytes / chunkBytes;
  const at = spare.findIndex(
    ({ data, control }) =>
      data.length === chunks && data[0]?.byteLength === chunkBytes && control.byteLength === controlBytes,
  );
  const [memory] = at < 0 ? [] : spare.splice(at, 1);
  if (memory === undefined)
    return { data: allocate(chunks, chunkBytes), control: new SharedArrayBuffer(controlBytes) };
  new Uint8Array(memory.control).fill(0);
  return memory;
}

function allocate(chunks: number, chunkBytes: number): SharedArrayBuffer[] {
  return Array.from({ length: chunks }, () => new SharedArrayBuffer(chunkBytes));
}

/** A ring: the byte of an offset is at `offset mod capacityBytes`. */
export class RingMemory {
  readonly capacityBytes: number;
  readonly #chunks: readonly Uint8Array[];
  readonly #chunkBytes: number;

  constructor(data: readonly SharedArrayBuffer[]) {
    this.#chunks = data.map((chunk) => new Uint8Array(chunk));
    this.#chunkBytes = this.#chunks[0]?.length ?? 0;
    this.capacityBytes = this.#chunkBytes * this.#chunks.length;
  }

  /** Copies bytes in, around edges when need be. */
  write(offset: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const into = this.view(offset + done, bytes.length - done);
      into.set(into.length === bytes.length ? bytes : bytes.subarray(done, done + into.length));
      done += into.length;
    }
  }

  /** A view of at most `length` bytes, shorter at the edge of a piece. Owned by the ring. */
  view(offset: number, length: number): Uint8Array {
    const at = offset % this.capacityBytes;
    const inChunk = at % this.#chunkBytes;
    const chunk = this.#chunks[(at - inChunk) / this.#chunkBytes];
    if (chunk === undefined) throw new AceError("internal", "Cannot look into the window: it has no memory");
    return chunk.subarray(inChunk, Math.min(inChunk + length, this.#chunkBytes));
  }

  /** A copy of `length` bytes. */
  copy(offset: number, length: number): Uint8Array {
    const copied = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const part = this.view(offset + done, length - done);
      copied.set(part, done);
      done += part.length;
    }
    return copied;
  }
}
