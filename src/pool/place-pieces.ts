/** The bytes of a blob that lies in a file or passes through the window, in pieces. */
import { closeSync, openSync, readSync } from "node:fs";
import { AceError, messageOf, systemCodeOf } from "../errors.ts";
import type { Window } from "../tape/window.ts";
import type { BlobPlace } from "./jobs.ts";

/** A blob's place in an archive as messages name it, and what to do when the bytes there are wrong. */
export function originOf(place: BlobPlace): { name: string; hint: string } {
  const archive = place.kind === "file" ? place.path : "the archive";
  return { name: `${archive} at byte ${place.offset}`, hint: "The archive is damaged there: copy it again." };
}

/** Bytes of a piece: enough to make calls cheap, little enough that 25 uploads stay below 10 MB. */
const pieceBytes = 256 * 1024;

/**
 * Buffers that file pieces take turns in. undici asks for the next piece when the socket has drained the one before, so two
 * would do; a fresh buffer for each piece made the process grow by a gigabyte before the engine noticed.
 */
const turns = 3;

/**
 * Reads `[start, end)` of a file by position. A piece is good until the second one after it is asked for.
 * @throws AceError `archive` when the file ends early or cannot be read
 */
export async function* filePieces(
  path: string,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const fd = openForReading(path);
  const buffers = Array.from({ length: turns }, () =>
    Buffer.allocUnsafeSlow(Math.min(pieceBytes, end - start)),
  );
  try {
    for (let position = start, turn = 0; position < end; turn++) {
      const buffer = buffers[turn % turns] ?? Buffer.alloc(0);
      const piece = buffer.subarray(0, Math.min(pieceBytes, end - position));
      const count = readAt(fd, piece, position, path);
      if (count === 0)
        throw new AceError(
          "archive",
          `Cannot read ${path}: it ends at byte ${position}, in the middle of a blob`,
        );
      position += count;
      yield piece.subarray(0, count);
    }
  } finally {
    closeSync(fd);
  }
}

/**
 * Fills as much of `into` as one call gives, from a position of an open file.
 * @returns how many bytes; 0 at the file's end
 * @throws AceError `medium`
 */
export function readAt(fd: number, into: Uint8Array, position: number, path: string): number {
  try {
    return readSync(fd, into, 0, into.length, position);
  } catch (cause) {
    const state = systemCodeOf(cause) === "EIO" ? "input/output error" : messageOf(cause);
    throw new AceError("medium", `Cannot read ${path} at byte ${position}: ${state}`, { cause });
  }
}

/** The caller closes it. @throws AceError `medium` */
export function openForReading(path: string): number {
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
