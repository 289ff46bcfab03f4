/** Writes a planned archive to its medium: pieces into the window in order, blobs by the pool in any order. */
import { rm } from "node:fs/promises";
import { LedgerWriter } from "../../format/ledger-writer.ts";
import { type PackingChoice, packingChoice } from "../../format/packing-levels.ts";
import { frameBytes, packWindow } from "../../pool/frames/compressors.ts";
import { startWriter } from "../../pool/media/writer.ts";
import type { RunContext } from "../../run/run.ts";
import type { VolumeStart } from "../../tape/catalogue/volume.ts";
import type { MediumKind } from "../../tape/medium/medium.ts";
import type { Window } from "../../tape/window/window.ts";
import { makeWindow, windowBytesFor } from "../../tape/window/window-size.ts";
import type { WriteArchiveOptions } from "../media/medium-options.ts";
import type { ArchivePlan } from "../plan/archive-plan.ts";
import { FrameMarks } from "../plan/frame-marks.ts";
import { findFileVolumes } from "../resume/find-file-volumes.ts";
import { findTapeVolumes } from "../resume/find-tape-volumes.ts";
import { freshVolume } from "../resume/go-on-behind.ts";
import { findResumePoint, type ResumePoint } from "../resume/resume-point.ts";
import { checkToken } from "../volumes/resume-token.ts";
import { setIdOf } from "../volumes/set-id.ts";
import { statePath } from "../volumes/state-file.ts";
import { ArchiveWriting } from "./archive-writing.ts";
import { explainFailure } from "./explain-failure.ts";
import { LedgerQueue } from "./ledger-queue.ts";
import { SetControl } from "./set-control.ts";

/** Between two flushes, in bytes: what a kill can cost. A tape must stop to flush, so it does it seldom. */
const usualFlushBytes: Record<MediumKind, number> = {
  file: 128 * 1024 * 1024,
  stream: 16 * 1024 * 1024,
  device: 128 * 1024 * 1024,
  tape: 2 * 1024 * 1024 * 1024,
};

/** Frames that the window before the compressors must hold, so that cores and network work at the same time. */
const fewestFrames = 8;

/** What became of an archive. */
export interface WrittenBytes {
  /** Bytes that this run wrote to the medium. */
  moved: number;
  /** What was found of an earlier run. */
  notes: readonly string[];
}

/**
 * Writes the archive, or the rest of it.
 * @returns what it came to
 * @throws AceError the first cause, with the offset up to which the medium is good in its details
 */
export async function writeArchive(
  plan: ArchivePlan,
  options: WriteArchiveOptions,
  run: RunContext,
): Promise<WrittenBytes> {
  const set = isSet(options) ? setIdOf(plan, packingOf(options)) : undefined;
  const resumed = await findStart(plan, options, set, run);
  try {
    if (resumed?.isWhole === true) return { moved: 0, notes: [resumed.note] };
    return await write(plan, options, set, resumed, run);
  } finally {
    resumed?.close();
  }
}

/** Tapes have volumes always, files only when they are asked for. */
function isSet({ medium, volumeBytes }: WriteArchiveOptions): boolean {
  return medium === "tape" || volumeBytes !== undefined;
}

function packingOf({ compression, compressionLevel }: WriteArchiveOptions): PackingChoice | undefined {
  return compression === undefined ? undefined : packingChoice(compression, compressionLevel);
}

/** A set that is begun. */
function beginningOf(set: string): VolumeStart {
  return { set, volume: 1, offset: 0, at: 0 };
}

/** @returns undefined when nothing of the archive is there, or nothing is to be gone on with */
async function findStart(
  plan: ArchivePlan,
  options: WriteArchiveOptions,
  set: string | undefined,
  run: RunContext,
): Promise<ResumePoint | undefined> {
  const { resume, resumeVolume, medium } = options;
  if (resume !== true) return undefined;
  if (set === undefined) return await findResumePoint(plan, options, run);
  run.status.phase = "looking at what is there";
  if (resumeVolume !== undefined) {
    checkToken(resumeVolume, set);
    return await freshVolume(plan, options, { ...resumeVolume, set }, resumeVolume.frame);
  }
  return await (medium === "tape" ? findTapeVolumes : findFileVolumes)(plan, options, set, run);
}

async function write(
  plan: ArchivePlan,
  options: WriteArchiveOptions,
  setId: string | undefined,
  resumed: ResumePoint | undefined,
  run: RunContext,
): Promise<WrittenBytes> {
  // Before the file is cut: a ledger must never say more than the medium has.
  await using ledger = await openLedger(options, resumed);
  const start = resumed ?? { kept: { plain: 0, packed: 0 }, from: 0, ledger: { lines: 0 } };
  const packing = packingOf(options);
  const marks = packing === undefined ? undefined : (resumed?.marks ?? new FrameMarks());
  const set =
    setId === undefined
      ? undefined
      : new SetControl(plan, options, resumed?.begin ?? beginningOf(setId), marks, run);
  const queue = new LedgerQueue(ledger, marks && ((offset) => marks.onMedium(offset)), set?.state.placeOf);
  set?.writeLinesOf(queue);
  const windows = openWindows(options, start);
  const window = windows.plain;
  const writer = startWriter(
    {
      window: windows.packed.handle,
      medium: {
        destination: options.destination,
        force: options.force,
        blockBytes: options.blockBytes,
        smallerBlocks: options.smallerBlocks,
        position: options.position,
        resumed: resumed?.handOver?.(),
      },
      highWater: options.highWaterPercent === undefined ? undefined : options.highWaterPercent / 100,
      loop: {
        blockBytes: options.blockBytes,
        flushEveryBytes: flushEvery(options),
        bytesPerSecond: options.bytesPerSecond,
      },
      verify: options.verify,
      set: set?.writerOptions,
    },
    set ?? {
      durable: (offset) => queue.durable(offset),
      notice: (level, text) => run.ui.log(level, text),
      phase: (text) => {
        run.status.phase = text;
      },
    },
  );
  const { status, signal } = run;
  status.bytesTotal = plan.size.bytes - start.from;
  status.bytesMoved = () => window.front - start.from;
  status.windowFill = () => Math.max(0, window.scanned - window.front) / window.capacityBytes;
  if (set !== undefined) {
    const { packed } = windows;
    status.volumes = () => set.figures(packed.front, packed.underruns);
  }
  const stop = () => {
    windows.plain.abort();
    windows.packed.abort();
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    const writing = new ArchiveWriting(plan, options.blobSource, run, window, writer, queue, stop, {
      from: start.from,
      ledgerLines: start.ledger.lines,
    });
    const packed =
      packing === undefined
        ? Promise.resolve()
        : packWindow(packing, windows.plain, windows.packed, (mark) => marks?.add(mark), start.kept);
    packed.catch((error: unknown) => writing.fail(error));
    await Promise.all([writing.run(), packed]);
    await Promise.all([queue.settled(), set?.settled()]);
    const moved = (windows.packed.end ?? 0) - (resumed?.begin?.at ?? start.kept.packed);
    const { underruns } = await writer.done;
    // Every job, the writer and the compressors are done with them.
    for (const each of new Set([windows.plain, windows.packed])) each.release();
    return {
      moved,
      notes: [...(resumed === undefined ? [] : [resumed.note]), ...(set?.notes(underruns) ?? [])],
    };
  } catch (error) {
    stop();
    const goodBytes = () => Math.max(writer.durable(), resumed?.begin?.at ?? start.kept.packed);
    throw await explainFailure(error, { writer, queue, set, goodBytes }, options, run);
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/** Without a ledger nobody could use what a flush makes sure of; on a tape it still tells how far the tape is good. */
function flushEvery({ checkpoint, medium, blockBytes, flushBytes }: WriteArchiveOptions): number {
  if (checkpoint === undefined && medium !== "tape" && flushBytes === undefined) return 0;
  return Math.max(blockBytes, flushBytes ?? usualFlushBytes[medium]);
}

/** One window, or, when the archive is compressed, one before and one behind the compressors that share the memory. */
function openWindows(
  options: WriteArchiveOptions,
  { from, kept }: Pick<ResumePoint, "from" | "kept">,
): { plain: Window; packed: Window } {
  const bytes = windowBytesFor(options.windowBytes, options.blockBytes);
  if (options.compression === undefined) {
    const window = makeWindow(options.windowBytes, options.blockBytes, from);
    return { plain: window, packed: window };
  }
  const plainBytes = Math.max(Math.ceil(bytes / 2), fewestFrames * frameBytes);
  return {
    plain: makeWindow(plainBytes, frameBytes, from),
    packed: makeWindow(Math.ceil(bytes / 4), options.blockBytes, kept.packed),
  };
}

/** The checkpoint of a resumed archive goes on with what it says of the part that stays. */
async function openLedger(
  { checkpoint, force }: WriteArchiveOptions,
  resumed: ResumePoint | undefined,
): Promise<LedgerWriter | undefined> {
  if (checkpoint === undefined) return undefined;
  if (resumed !== undefined) return LedgerWriter.resume(checkpoint, resumed.ledger.bytes);
  const ledger = await LedgerWriter.open(checkpoint, { force });
  // What an earlier run said of its tapes is nothing to go on from any more.
  await rm(statePath(checkpoint), { force: true });
  return ledger;
}
