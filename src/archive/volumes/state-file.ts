/** `CHECKPOINT.volumes`: where a set on tapes stands, so that the next run finds its place without reading all of them. */
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import * as v from "valibot";
import { AceError, systemState } from "../../errors.ts";
import { replaceFile } from "../../system/replace-file.ts";
import type { SetPoint } from "./set-state.ts";

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
  /** The early warning of the tape came in front of `at`: but for its catalogue the volume is written. */
  atEnd: v.optional(v.boolean()),
});

/** The file beside a checkpoint. */
export function statePath(checkpoint: string): string {
  return `${checkpoint}.volumes`;
}

/**
 * @returns undefined when there is no such file
 * @throws AceError `input` when it cannot be read or understood
 */
export function readState(checkpoint: string): SetPoint | undefined {
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
    throw fail(systemState(cause), cause);
  }
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(undefined, "it is not JSON"), stateSchema), text);
  if (!result.success) throw fail(result.issues[0].message);
  const { aceDtVolumes: _, whole, last, frame, file, block, atEnd = false, ...volume } = result.output;
  return { volume: { ...volume, file, block, isAtEnd: atEnd }, whole, last, frame };
}

/**
 * Puts it in the place of the one before, whole.
 * @throws AceError `medium`
 */
export async function writeState(checkpoint: string, point: SetPoint): Promise<void> {
  const path = statePath(checkpoint);
  try {
    await replaceFile(path, `${formatState(point)}\n`, { ingestDirectory: dirname(path), durable: true });
  } catch (cause) {
    throw new AceError("medium", `Cannot write ${path}: ${systemState(cause)}`, { cause });
  }
}

/** What is undefined is left out. */
function formatState({ volume: progress, whole, last, frame }: SetPoint): string {
  const { set, volume, offset, at, blockBytes, segmentBytes, file, block, segments, open } = progress;
  const atEnd = progress.isAtEnd ? true : undefined;
  return JSON.stringify({
    ...{ aceDtVolumes: 1, set, volume, offset, at, whole, last, frame, blockBytes, segmentBytes },
    ...{ file, block, segments, open, atEnd },
  });
}
