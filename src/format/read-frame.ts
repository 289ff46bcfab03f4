/** Takes one frame off the front of compressed bytes: a zstd frame or a gzip member, as `compressFrame` makes them. */
import { constants, crc32, inflateRawSync, zstdDecompressSync } from "node:zlib";
import * as v from "valibot";
import { systemCodeOf } from "../errors.ts";
import type { Packing } from "./packing-levels.ts";
import { blockHeader, blockHeaderBytes, frameHeader, frameMagic, little } from "./zstd-frames.ts";

/** A frame and what is in it. */
export interface ReadFrame {
  /** The caller's. */
  plain: Uint8Array;
  /** Bytes of the frame. */
  packedBytes: number;
}

/**
 * Reads the frame that `bytes` begin with, and checks the sum that it carries of its content. Blocks the thread.
 * @param limit bytes of content beyond which it is not read
 * @returns undefined when the frame is damaged, does not end in `bytes` or holds more
 */
export function readFrame(packing: Packing, bytes: Uint8Array, limit: number): ReadFrame | undefined {
  return packing === "gzip" ? readMember(bytes, limit) : readZstdFrame(bytes, limit);
}

/**
 * What can be had of a frame that is cut or damaged, from its start.
 * @returns empty when that is nothing; undefined when it is more than `limit` bytes
 */
export function readTornFrame(packing: Packing, bytes: Uint8Array, limit: number): Uint8Array | undefined {
  const options = { maxOutputLength: limit };
  try {
    if (packing === "zstd")
      return zstdDecompressSync(bytes, { ...options, finishFlush: constants.ZSTD_e_flush });
    return inflateRawSync(bytes.subarray(memberHead.length), {
      ...options,
      finishFlush: constants.Z_SYNC_FLUSH,
    });
  } catch (cause) {
    // Otherwise damaged rather than cut: the decoders keep to themselves what they had until then.
    return systemCodeOf(cause) === "ERR_BUFFER_TOO_LARGE" ? undefined : new Uint8Array(0);
  }
}

/** RFC 1952 section 2.3.1: magic, deflate, no flags, no time. What follows, how hard it was packed and where, may differ. */
const memberHead = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0);
const fixedHeadBytes = 8;
/** CRC-32 and length of the content. */
const memberTailBytes = 8;

/** What zlib tells of a run besides its output. */
const inflated = v.object({
  buffer: v.instance(Uint8Array),
  engine: v.object({ bytesWritten: v.number() }),
});

function readMember(bytes: Uint8Array, limit: number): ReadFrame | undefined {
  const isHead = memberHead.subarray(0, fixedHeadBytes).every((byte, at) => byte === bytes[at]);
  if (!isHead || bytes.length < memberHead.length + memberTailBytes) return undefined;
  let result: v.InferOutput<typeof inflated>;
  try {
    // `info` is missing in the types of the synchronous function.
    const options: Parameters<typeof inflateRawSync>[1] & { info: true } = {
      info: true,
      maxOutputLength: limit,
    };
    result = v.parse(inflated, inflateRawSync(bytes.subarray(memberHead.length), options));
  } catch {
    return undefined;
  }
  const { buffer, engine } = result;
  const tailAt = memberHead.length + engine.bytesWritten;
  if (tailAt + memberTailBytes > bytes.length) return undefined;
  const tail = new DataView(bytes.buffer, bytes.byteOffset + tailAt, memberTailBytes);
  if (tail.getUint32(0, true) !== crc32(buffer) || tail.getUint32(4, true) !== buffer.length % 2 ** 32)
    return undefined;
  return { plain: buffer, packedBytes: tailAt + memberTailBytes };
}

function readZstdFrame(bytes: Uint8Array, limit: number): ReadFrame | undefined {
  const packedBytes = zstdFrameBytes(bytes);
  if (packedBytes === undefined) return undefined;
  try {
    return {
      plain: zstdDecompressSync(bytes.subarray(0, packedBytes), { maxOutputLength: limit }),
      packedBytes,
    };
  } catch {
    return undefined;
  }
}

/** Where the zstd frame ends that `bytes` begin with; undefined when it is none or does not end. */
function zstdFrameBytes(bytes: Uint8Array): number | undefined {
  const magicBytes = 4;
  if (bytes.length <= magicBytes || little(bytes.subarray(0, magicBytes)) !== frameMagic) return undefined;
  const header = frameHeader(bytes[magicBytes] ?? 0);
  let end = magicBytes + 1 + header.bytes;
  for (let isLast = false; !isLast; ) {
    if (end + blockHeaderBytes > bytes.length) return undefined;
    const block = blockHeader(little(bytes.subarray(end, end + blockHeaderBytes)));
    if (block.bytes === undefined) return undefined;
    isLast = block.isLast;
    end += blockHeaderBytes + block.bytes;
  }
  end += header.checksumBytes;
  return end <= bytes.length ? end : undefined;
}
