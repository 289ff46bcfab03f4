/** How much memory the window takes. */
import { totalmem } from "node:os";
import { refusedOption } from "../../errors.ts";
import type { FirstCause } from "./first-cause.ts";
import { Window } from "./window.ts";

/**
 * The automatic size: room for a 4 MiB range of each of 25 connections, so that a link with slow connections is still filled.
 * A larger one, tried up to 512 MiB by hand, made nothing faster on a quick network; a tape's operator gives what the drive needs.
 */
const automaticBytes = 128 * 1024 * 1024;

/** Fewer blocks than this would make filler and writer take turns. */
const fewestBlocks = 16;

/** Smallest window: a network chunk (up to 512 KiB in Bun) must find room many times over. */
const fewestBytes = 16 * 1024 * 1024;

/** Bytes of one piece of memory at most: the engine gives no more than 4 GiB at once. */
const largestChunk = 1024 * 1024 * 1024;

/** How a window's memory is cut. */
export interface WindowSize {
  capacityBytes: number;
  /** Of each piece; a multiple of the block, so that no block crosses an edge. */
  chunkBytes: number;
}

/**
 * @param wantedBytes 0 = automatic
 * @throws AceError `usage` for more than the machine has
 */
export function windowSizeFor(wantedBytes: number, blockBytes: number): WindowSize {
  const memory = totalmem();
  if (wantedBytes > memory) {
    const why = `this machine has ${memory} bytes of memory`;
    throw refusedOption("buffer-size", why, { value: wantedBytes });
  }
  const wanted = wantedBytes > 0 ? wantedBytes : Math.min(automaticBytes, Math.floor(memory / 8));
  const bytes = Math.max(fewestBlocks, Math.ceil(Math.max(wanted, fewestBytes) / blockBytes)) * blockBytes;
  const most = Math.max(1, Math.floor(largestChunk / blockBytes)) * blockBytes;
  const chunks = Math.ceil(bytes / most);
  const chunkBytes = Math.ceil(bytes / chunks / blockBytes) * blockBytes;
  return { capacityBytes: chunks * chunkBytes, chunkBytes };
}

/** {@link windowSizeFor} in all. */
export function windowBytesFor(wantedBytes: number, blockBytes: number): number {
  return windowSizeFor(wantedBytes, blockBytes).capacityBytes;
}

/** A window of such a size. @param start the offset that it begins at @param cause of the run; its own when left out */
export function makeWindow(wantedBytes: number, blockBytes: number, start = 0, cause?: FirstCause): Window {
  const { capacityBytes, chunkBytes } = windowSizeFor(wantedBytes, blockBytes);
  return Window.create(capacityBytes, undefined, start, chunkBytes, cause);
}
