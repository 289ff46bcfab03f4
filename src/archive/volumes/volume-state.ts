/** `CHECKPOINT.volumes`: how far the volumes of a set on tapes are, so that the next run finds its place without reading all of them. */
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import * as v from "valibot";
import { AceError, messageOf } from "../../errors.ts";
import type { FrameMark } from "../../pool/frames/compressors.ts";
import { replaceFile } from "../../system/replace-file.ts";
import type { VolumeLabel } from "../../tape/catalogue/catalogue.ts";
import type { VolumeProgress } from "../../tape/volumes/write-volumes.ts";

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const stateSchema = v.object({
  aceDtVolumes: v.literal(1),
  set: v.string(),
  volume: v.pipe(count, v.minValue(1)),
  offset: count,
  at: count,
  whole: v.boolean(),
  last: v.boolean(),
  frame: v.object({ plain: count, packed: count }),
  blockBytes: count,
  segmentBytes: v.pipe(count, v.minValue(1)),
  file: v.optional(count),
  block: v.optional(count),
  segments: v.array(v.string()),
  open: v.string(),
  atEnd: v.optional(v.boolean()),
});

/** The volume at hand. */
export interface VolumeState {
  set: string;
  volume: number;
  /** Bytes of the archive in front of it. */
  offset: number;
  /** Up to here the archive is on the media. */
  at: number;
  /** True when the volume has its catalogue: the next one begins at `at`. */
  whole: boolean;
  /** True when the archive ends with it. */
  last: boolean;
  /** Of a compressed archive, the last frame that ends at `at` or before; what it stands at itself in a plain one. */
  frame: FrameMark;
  blockBytes: number;
  segmentBytes: number;
  file?: number | undefined;
  block?: number | undefined;
  segments: string[];
  open: string;
  /** The early warning of the tape came in front of `at`: but for its catalogue the volume is written. */
  atEnd?: boolean | undefined;
}

/** The file beside a checkpoint. */
export function statePath(checkpoint: string): string {
  return `${checkpoint}.volumes`;
}

/**
 * @returns undefined when there is no such file
 * @throws AceError `input` when it cannot be read or understood
 */
export function readVolumeState(checkpoint: string): VolumeState | undefined {
  const path = statePath(checkpoint);
  if (!existsSync(path)) return undefined;
  const fail = (state: string, cause?: unknown) =>
    new AceError("input", `Cannot read ${path}: ${state}`, {
      cause,
      hint: "It is written beside a checkpoint; without both files a tape is read from its beginning.",
    });
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw fail(messageOf(cause), cause);
  }
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(undefined, "it is not JSON"), stateSchema), text);
  if (!result.success) throw fail(result.issues[0].message);
  const { aceDtVolumes: _, ...state } = result.output;
  return state;
}

/** The state after a volume's flush. A last block that is padded is no place to go on from: undefined then. */
export function stateAfter(at: number, progress: VolumeProgress, frame: FrameMark): VolumeState | undefined {
  const { set, volume, offset, blockBytes, segmentBytes, file, block, segments, open, isAtEnd } = progress;
  if ((at - offset) % blockBytes !== 0) return undefined;
  return {
    ...{ set, volume, offset, at, whole: false, last: false, frame, blockBytes, segmentBytes, file, block },
    ...{ segments: [...segments], open, ...(isAtEnd ? { atEnd: true } : {}) },
  };
}

/** The state when a volume has its catalogue, from the one after its last flush. */
export function stateClosed(
  before: VolumeState,
  { volume, offset, bytes, last }: Pick<VolumeLabel, "volume" | "offset" | "bytes" | "last">,
  frame: FrameMark,
): VolumeState {
  const { atEnd: _, ...rest } = before;
  return { ...rest, volume, offset, at: offset + bytes, frame, whole: true, last, segments: [], open: "" };
}

/**
 * Puts it in the place of the one before, whole.
 * @throws AceError `medium`
 */
export async function writeVolumeState(checkpoint: string, state: VolumeState): Promise<void> {
  const path = statePath(checkpoint);
  try {
    const text = `${JSON.stringify({ aceDtVolumes: 1, ...state })}\n`;
    await replaceFile(path, text, { ingestDirectory: dirname(path), durable: true });
  } catch (cause) {
    throw new AceError("medium", `Cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}
