/** How much memory the window takes. */
import { totalmem } from "node:os";

/**
 * The automatic size: 512 MiB hold a 16 MiB range for each of 25 connections with room to spare, so that a link with slow
 * connections is still filled; never more than a quarter of the machine's memory.
 */
const automaticBytes = 512 * 1024 * 1024;

/** Fewer blocks than this would make filler and writer take turns. */
const fewestBlocks = 16;

/** Smallest window: a network chunk (up to 512 KiB in Bun) must find room many times over. */
const fewestBytes = 16 * 1024 * 1024;

/**
 * @param wantedBytes 0 = automatic
 * @returns bytes, a multiple of `blockBytes` so that no block crosses the window's edge
 */
export function windowBytesFor(wantedBytes: number, blockBytes: number): number {
  const wanted = wantedBytes > 0 ? wantedBytes : Math.min(automaticBytes, Math.floor(totalmem() / 4));
  const blocks = Math.max(fewestBlocks, Math.ceil(Math.max(wanted, fewestBytes) / blockBytes));
  return blocks * blockBytes;
}
