/** How much memory the window takes. */
import { AceError, refusedOption } from "../../errors.ts";
import { memoryLimit } from "../../system/memory-limit.ts";

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

/** Of the memory that the process may have, so much the window takes by itself at most. */
const automaticPart = 8;

/** How a window's memory is cut. */
export interface WindowSize {
  capacityBytes: number;
  /** Of each piece; a multiple of the block, so that no block crosses an edge. */
  chunkBytes: number;
}

/** The size of a window that has so many bytes, or a little more for whole blocks. @param bytes more than 0 */
export function windowSizeFor(bytes: number, blockBytes: number): WindowSize {
  const wanted = Math.max(fewestBlocks, Math.ceil(Math.max(bytes, fewestBytes) / blockBytes)) * blockBytes;
  const most = Math.max(1, Math.floor(largestChunk / blockBytes)) * blockBytes;
  const chunks = Math.ceil(wanted / most);
  const chunkBytes = Math.ceil(wanted / chunks / blockBytes) * blockBytes;
  return { capacityBytes: chunks * chunkBytes, chunkBytes };
}

/** Bytes that were to be had when the automatic size was not. */
let automaticMost = automaticBytes;

/**
 * Bytes of the windows of a run.
 * @param wantedBytes 0 = automatic
 * @throws AceError `usage` for more than there is, naming what limits it
 */
export function windowBytesFor(wantedBytes: number): number {
  const { bytes, text } = memoryLimit();
  if (wantedBytes > bytes) throw refusedOption("buffer-size", text, { value: wantedBytes });
  return wantedBytes > 0 ? wantedBytes : Math.min(automaticMost, Math.floor(bytes / automaticPart));
}

/**
 * Makes the windows of a run. Where nobody asked for a size, and there is not so much memory, they are made of half as much, and of half of that.
 * @param wantedBytes 0 = automatic
 * @param make of so many bytes; throws the engine's RangeError when there is not so much
 * @param tell that they became smaller
 * @throws AceError `usage` that names what limits the memory
 */
export function makeWindows<Made>(
  wantedBytes: number,
  make: (bytes: number) => Made,
  tell: (text: string) => void,
): Made {
  for (let bytes = windowBytesFor(wantedBytes); ; bytes = Math.floor(bytes / 2)) {
    try {
      const made = make(bytes);
      if (wantedBytes === 0) automaticMost = Math.min(automaticMost, bytes);
      return made;
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      const { text } = memoryLimit();
      if (wantedBytes > 0)
        throw refusedOption("buffer-size", `there is not so much memory: ${text}`, {
          value: wantedBytes,
          cause,
          hint: { kind: "smaller-buffer" },
        });
      if (bytes / 2 < fewestBytes)
        throw new AceError("usage", `Cannot get ${bytes} bytes of memory for the buffer: ${text}`, { cause });
      tell(`there is too little memory for a buffer of ${bytes} bytes: ${text}; trying half of it`);
    }
  }
}
