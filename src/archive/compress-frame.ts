/** One independent piece of a compressed archive: a gzip member or a zstd frame. Pieces in a row are one valid file. */
import { constants, gzipSync, zstdCompressSync } from "node:zlib";

/** What an archive can be compressed with. */
export type Packing = "gzip" | "zstd";

/** zstd's default level (zstd(1), "-#"); the original's too. */
const zstdLevel = 3;

/**
 * Compresses one piece. The result is the caller's. Blocks the thread.
 * A zstd frame carries a checksum of its content, as `zstd` itself writes it (RFC 8878 section 3.1.1); a gzip member always has one.
 */
export function compressFrame(packing: Packing, bytes: Uint8Array): Uint8Array {
  if (packing === "gzip") return gzipSync(bytes);
  return zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: zstdLevel, [constants.ZSTD_c_checksumFlag]: 1 },
  });
}
