/** The way on behind a part of an archive that is on its media. */
import { AceError } from "../../errors.ts";
import type { FrameMark } from "../../pool/frames/compressors.ts";
import type { Volume, VolumeStart } from "../../tape/catalogue/volume.ts";
import type { WriteArchiveOptions } from "../media/medium-options.ts";
import type { ArchivePlan } from "../plan/archive-plan.ts";
import { FrameMarks } from "../plan/frame-marks.ts";
import { followLedger } from "./follow-ledger.ts";
import { pieceStart, type ResumePoint } from "./resume-point.ts";

/** A volume that begins on a fresh medium. @param change said of the medium that is there, when it is known to be another */
export async function freshVolume(
  plan: ArchivePlan,
  options: WriteArchiveOptions,
  { set, volume, offset }: Volume,
  frame: FrameMark,
  change?: VolumeStart["change"],
): Promise<ResumePoint> {
  checkBlocks(options, offset, volume);
  const begin = { set, volume, offset, at: offset, change };
  return goOnBehind(plan, options, begin, frame, `went on with volume ${volume} at byte ${offset}`);
}

/**
 * Goes on where a part of the archive ends on the media.
 * @param frame the last frame of a compressed archive that ends there or before
 */
export async function goOnBehind(
  plan: ArchivePlan,
  { checkpoint, compression }: WriteArchiveOptions,
  begin: VolumeStart,
  frame: FrameMark,
  note: string,
): Promise<ResumePoint> {
  const { at } = begin;
  const from = pieceStart(plan, frame.plain);
  if (compression === undefined) {
    // The piece at hand is fetched from its beginning, since its digest is that of all of it.
    const kept = { plain: from, packed: from };
    const ledger = await followLedger(checkpoint, plan, at, (offset) => offset);
    return { begin, close: () => undefined, kept, from, marks: undefined, ledger, note };
  }
  const marks = new FrameMarks();
  marks.add(frame);
  // Where the frames in front of that ended nobody knows any more.
  const ledger = await followLedger(checkpoint, plan, frame.plain, undefined);
  return { begin, close: () => undefined, kept: frame, from, marks, ledger, note };
}

/** @throws AceError `usage` when volume 2 would not begin where volume 1 ends */
function checkBlocks({ blockBytes, medium }: WriteArchiveOptions, bytes: number, volume: number): void {
  if (medium !== "tape" || bytes % blockBytes === 0) return;
  throw new AceError(
    "usage",
    `Cannot resume with blocks of ${blockBytes} bytes: volume ${volume} goes on at byte ${bytes}, which is no whole number of such blocks`,
    { hint: { kind: "block-size-of-first-run" } },
  );
}
