/** How much memory the window takes. */
import { totalmem } from "node:os";

/**
 * The automatic size: room for a 4 MiB range of each of 25 connections, so that a link with slow connections is still filled.
 * A larger one, tried up to 512 MiB by hand, made nothing faster on a quick network; a tape's operator gives what the drive needs.
 */
const automaticBytes = 128 * 1024 * 1024;

/** Fewer blocks than this would make filler and writer take turns. */
const fewestBlocks = 16;

/** Smallest window: a network chunk (up to 512 KiB in Bun) must find room many times over. */
const fewestBytes = 16 * 1024 * 1024;

/**
 * @param wantedBytes 0 = automatic
 * @returns bytes, a multiple of `blockBytes` so that no block crosses the window's edge
 */
export function windowBytesFor(wantedBytes: number, blockBytes: number): number {
  const wanted = wantedBytes > 0 ? wantedBytes : Math.min(automaticBytes, Math.floor(totalmem() / 8));
  const blocks = Math.max(fewestBlocks, Math.ceil(Math.max(wanted, fewestBytes) / blockBytes));
  return blocks * blockBytes;
}
