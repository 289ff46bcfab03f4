/** Tells content that is packed already, such as a gzip'd layer, by samples. */

/** A sample is taken at the start of every stretch of this many bytes; less than that of other content may go unseen. */
const stretchBytes = 64 * 1024;

/** Enough for the counts of 256 byte values to mean something; 6 microseconds each. */
const sampleBytes = 4096;

/** Too little to be worth looking: it is packed as wanted in milliseconds. */
const leastBytes = 4 * stretchBytes;

/**
 * True when no sample of the content can be made smaller by zstd's quickest level, by its own measure: a 64th and 2 bytes, below
 * which it writes a block raw. One sample that can be decides, so that content of several kinds is packed as it should.
 * Blocks the thread. Always the same for the same bytes.
 */
export function looksPacked(bytes: Uint8Array): boolean {
  if (bytes.length < leastBytes) return false;
  for (let at = 0; at + sampleBytes <= bytes.length; at += stretchBytes) {
    const packed = Bun.zstdCompressSync(bytes.subarray(at, at + sampleBytes), { level: 1 });
    if (packed.length < sampleBytes) return false;
  }
  return true;
}
