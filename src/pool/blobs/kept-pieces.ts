/** The first bytes of a blob that an earlier run left on its medium, read again so that they can be hashed. */
import { setImmediate } from "node:timers/promises";
import { AceError } from "../../errors.ts";
import { frameBound } from "../../format/compress-frame.ts";
import { readFrame } from "../../format/read-frame.ts";
import type { KeptFrames, KeptPart } from "../jobs.ts";
import { filePieces } from "./place-pieces.ts";

/**
 * All of the part in order. A piece is good until the next is asked for. Lets the thread's other work have a turn between two pieces.
 * @throws AceError `archive` when it is not there any more, `medium` when it cannot be read
 */
export async function* keptPieces({ bytes, place }: KeptPart): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = place.kind === "frames" ? unpacked(place) : filePieces(place, 0, bytes);
  for await (const piece of pieces) {
    yield piece;
    await setImmediate();
  }
}

async function* unpacked(frames: KeptFrames): AsyncGenerator<Uint8Array, void, undefined> {
  const { packing, packed, packedBytes, frameBytes } = frames;
  let { skip } = frames;
  for (let at = 0; at < packedBytes; ) {
    const parts: Uint8Array[] = [];
    for await (const piece of filePieces(packed, at, Math.min(packedBytes, at + frameBound(frameBytes))))
      parts.push(Uint8Array.from(piece));
    const frame = readFrame(packing, Buffer.concat(parts), frameBytes);
    if (frame === undefined) {
      throw new AceError(
        "archive",
        "Cannot go on with the archive: a frame that an earlier run left has changed meanwhile",
      );
    }
    at += frame.packedBytes;
    yield frame.plain.subarray(skip);
    skip = 0;
  }
}
