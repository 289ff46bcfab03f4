/** Takes the compression off an archive, as a stream. */
import { setImmediate } from "node:timers/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { type AceError, cannotRead, messageOf } from "../errors.ts";
import { ZstdFrames } from "./zstd-frames.ts";

/** How an archive is packed. */
export type Compression = "gzip" | "zstd" | "none";

/** How many bytes {@link sniffCompression} wants to see. */
export const sniffBytes = 4;

/** Output pieces of the decoders. Bytes. */
const pieceBytes = 256 * 1024;

/**
 * Tells the compression by its magic (RFC 1952 section 2.3.1; RFC 8878 sections 3.1.1 and 3.1.2). Anything else is `none`.
 * @param first the first {@link sniffBytes} bytes of the archive; fewer when it has no more
 */
export function sniffCompression(first: Uint8Array): Compression {
  const [a, b, c, d] = first;
  if (a === 0x1f && b === 0x8b) return "gzip";
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return "zstd";
  if (a !== undefined && a >>> 4 === 5 && b === 0x2a && c === 0x4d && d === 0x18) return "zstd";
  return "none";
}

/**
 * Decompresses a stream: several gzip members or zstd frames in a row, skippable frames, zeros behind the end.
 * The brake works: the source is asked for a chunk only when all before it is decoded and taken, and a chunk belongs to the
 * source again when the next one is asked for. Ending the loop early ends the source after the chunk it is at.
 * @param archive what the user calls it, for messages
 * @throws AceError `archive` when the stream is damaged or cut; whatever the source throws comes through as it is
 */
export async function* decompress(
  kind: Compression,
  source: AsyncIterable<Uint8Array>,
  archive: string,
): AsyncGenerator<Uint8Array> {
  if (kind === "none") {
    yield* source;
    return;
  }
  const decoder =
    kind === "gzip"
      ? createGunzip({ chunkSize: pieceBytes })
      : createZstdDecompress({ chunkSize: pieceBytes });
  const frames = kind === "zstd" ? new ZstdFrames(archive) : undefined;
  let taken = 0;
  /** Where the last byte that is no zero ends. */
  let lastEnd = 0;
  let feedFailure: unknown;
  // A destroyed decoder never calls back, so that the end of the loop below has to.
  let release = () => {};
  const write = (chunk: Uint8Array) =>
    new Promise<void>((resolve) => {
      release = resolve;
      // An error arrives at the loop below, which reads the decoder's output.
      decoder.write(chunk, () => resolve());
    });
  const feed = async () => {
    for await (const chunk of source) {
      const piece = frames?.accept(chunk) ?? chunk;
      const used = usedBytes(chunk);
      if (used > 0) lastEnd = taken + used;
      if (piece.length > 0 && !decoder.destroyed) await write(piece);
      if (decoder.destroyed && !decoder.readableEnded) return;
      taken += chunk.length;
    }
    if (decoder.destroyed) return;
    // An error drops what was decoded and not yet taken; a cut stream is good up to the cut.
    while (decoder.readableLength > 0 && !decoder.destroyed) await setImmediate();
    frames?.end();
    decoder.end();
  };
  const feeding = feed().catch((error: unknown) => {
    feedFailure = error;
    decoder.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    for await (const piece of decoder) yield piece;
    // The gzip decoder is content at a zero where a member would begin, and lets all behind it go by.
    release();
    await feeding;
    if (feedFailure !== undefined) throw feedFailure;
  } catch (cause) {
    if (feedFailure !== undefined) throw feedFailure;
    const state = `its ${kind} stream is damaged or cut, near compressed byte ${taken} (${messageOf(cause)})`;
    throw unreadable(archive, state, { cause });
  } finally {
    // Not waited for: the source may be a tape that answers late; it is asked for nothing more.
    decoder.destroy();
    release();
  }
  if (kind !== "gzip" || lastEnd <= decoder.bytesWritten) return;
  throw unreadable(archive, `something follows its end at compressed byte ${decoder.bytesWritten}`);
}

function unreadable(archive: string, state: string, options: { cause?: unknown } = {}): AceError {
  return cannotRead("archive", `archive ${JSON.stringify(archive)}`, state, {
    ...options,
    hint: "The archive is damaged or incomplete: copy it again.",
  });
}

/** Bytes of the chunk up to its last one that is no zero. */
function usedBytes(chunk: Uint8Array): number {
  let end = chunk.length;
  while (end > 0 && chunk[end - 1] === 0) end--;
  return end;
}
