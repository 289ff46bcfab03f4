/** The bytes of a blob that lies in a file or passes through the window, in pieces. */
import { closeSync, openSync, readSync } from "node:fs";
import { AceError, messageOf } from "../errors.ts";
import type { Window } from "../tape/window.ts";

/** Bytes of a piece: enough to make calls cheap, little enough that 25 uploads stay below 10 MB. */
const pieceBytes = 256 * 1024;

/**
 * Reads `[start, end)` of a file by position. Each piece is a buffer of its own, since a socket may still hold the one before.
 * @throws AceError `archive` when the file ends early or cannot be read
 */
export async function* filePieces(
  path: string,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const fd = openForReading(path);
  try {
    for (let position = start; position < end; ) {
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, end - position));
      const count = readSync(fd, piece, 0, piece.length, position);
      if (count === 0)
        throw new AceError(
          "archive",
          `Cannot read ${path}: it ends at byte ${position}, in the middle of a blob`,
        );
      position += count;
      yield piece.subarray(0, count);
    }
  } catch (cause) {
    if (cause instanceof AceError) throw cause;
    throw new AceError("medium", `Cannot read ${path}: ${messageOf(cause)}`, { cause });
  } finally {
    closeSync(fd);
  }
}

function openForReading(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw new AceError("medium", `Cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** Views of the window's bytes `[start, end)` of the archive, as they arrive. They are the window's: good until released. */
export async function* windowPieces(
  window: Window,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let position = start; position < end; ) {
    const wanted = Math.min(pieceBytes, end - position);
    await window.waitForFront(position + wanted);
    if (window.front < position + wanted)
      throw new AceError(
        "archive",
        `Cannot read the archive: it ends at byte ${window.front}, in the middle of a blob`,
      );
    const view = window.view(position, wanted);
    position += view.length;
    yield view;
  }
}
