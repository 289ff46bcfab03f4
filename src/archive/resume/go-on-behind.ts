/** The way on behind a part of an archive that is on its media. */
import { AceError } from "../../errors.ts";
import type { WriteArchiveOptions } from "../media/medium-options.ts";
import type { ArchivePlan } from "../plan/archive-plan.ts";
import { FrameMarks } from "../plan/frame-marks.ts";
import type { VolumeStart } from "../volumes/resume-token.ts";
import type { SetBegin } from "../volumes/set-begin.ts";
import { followLedger } from "./follow-ledger.ts";
import { pieceStart, type ResumePoint } from "./resume-point.ts";

/** A volume that begins on a fresh medium. @param change said of the medium that is there, when it is known to be another */
export async function freshVolume(
  plan: ArchivePlan,
  options: WriteArchiveOptions,
  set: string,
  start: VolumeStart,
  change?: SetBegin["change"],
): Promise<ResumePoint> {
  const { volume, offset } = start;
  checkBlocks(options, offset, volume);
  const begin: SetBegin = { set, volume, offset, at: offset, change };
  return goOnBehind(plan, options, begin, start, `went on with volume ${volume} at byte ${offset}`);
}

/**
 * Goes on where a part of the archive ends on the media.
 * @param start how much of it there is
 */
export async function goOnBehind(
  plan: ArchivePlan,
  { checkpoint, compression }: WriteArchiveOptions,
  begin: SetBegin,
  { frame }: Pick<VolumeStart, "frame">,
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
