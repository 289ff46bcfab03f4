/** Gives a used-up network chunk's memory back at once, instead of when the engine gets round to it. */

/** Below this a chunk is left to the garbage collector. Bytes. */
const worthwhileBytes = 16 * 1024;

/**
 * A chunk that was handed to a socket is drained when the next one is asked for, if it was larger than what a socket takes
 * without a drain (Node's `writableHighWaterMark`, 64 KiB; twice that to be safe). Bytes.
 */
export const sentChunkBytes = 128 * 1024;

/**
 * Frees the memory behind a chunk of a response body. Bun hands out each read of a socket (up to 512 KiB) as a buffer of its own,
 * outside the engine's heap, which does not see how much piles up: some 150 MB a thread, and every fresh one costs page faults.
 * Measured on 1.6 GB from loopback: 150 MB and 0.4 s of system time less.
 *
 * Only when the chunk reaches to the end of its buffer, so that nothing undici might still parse lies behind it.
 * @param chunk must not be used afterwards: its buffer is detached (ECMA-262 `ArrayBuffer.prototype.transfer`)
 * @param leastBytes smaller chunks are left alone
 */
export function freeChunk(chunk: Uint8Array, leastBytes = worthwhileBytes): void {
  const { buffer, byteOffset, byteLength } = chunk;
  if (byteLength < leastBytes || byteOffset + byteLength !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
