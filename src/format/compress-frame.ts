/** One independent piece of a compressed archive: a gzip member or a zstd frame. Pieces in a row are one valid file. */
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { looksPacked } from "./looks-packed.ts";
import type { Packing, PackingChoice } from "./packing-levels.ts";

/**
 * A level for content that is packed already. zlib's 0 writes stored blocks (RFC 1951 section 3.2.4), 200 times as fast as level 6
 * finds out the same. zstd writes raw blocks (RFC 8878 section 3.1.1.2.2) at any level where a block does not shrink; up to level 3
 * this takes 1.4 ms for 4 MiB, at level 9 6 ms, at level 19 a second.
 */
const quickLevels: Readonly<Record<Packing, number>> = { gzip: 0, zstd: 1 };

/** Up to here zstd itself is as quick with packed content as it is at its quick level. */
const quickZstdLevel = 3;

/**
 * Room for whatever the coders make of `bytes`: zlib-ng's level 1 spends up to 9 bits on a byte (its deflateBound), zstd's and
 * zlib's other levels allow for 0.4 % and 0.03 %; and room for the frame of very little.
 */
export function frameBound(bytes: number): number {
  return bytes + Math.ceil(bytes / 8) + 1024;
}

/**
 * Compresses one piece. The same bytes and choice always give the same frame. Blocks the thread.
 * A zstd frame says its content's size and carries a checksum of it, as `zstd` itself writes it (RFC 8878 section 3.1.1); a gzip
 * member always has both.
 * @returns the caller's; the whole memory behind it is the frame's alone when that is {@link frameBound} bytes
 */
export function compressFrame({ packing, level }: PackingChoice, bytes: Uint8Array): Uint8Array {
  const isQuick = packing === "zstd" && level <= quickZstdLevel;
  if (!isQuick && looksPacked(bytes)) return compress(packing, quickLevels[packing], bytes);
  const frame = compress(packing, level, bytes);
  // One sample was better than the whole: zlib's level 1 makes such content larger by a twentieth.
  return frame.length > bytes.length ? compress(packing, quickLevels[packing], bytes) : frame;
}

function compress(packing: Packing, level: number, bytes: Uint8Array): Uint8Array {
  // All output in one piece: zstd then knows the size from the start, and a sixth of its time was for the pieces.
  const chunkSize = frameBound(bytes.length);
  if (packing === "gzip") return gzipSync(bytes, { level, chunkSize });
  return zstdCompressSync(bytes, {
    chunkSize,
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  });
}
