/** Writes a planned archive to its medium: pieces into the window in order, blobs by the pool in any order. */
import { rm } from "node:fs/promises";
import { type AceError, messageOf } from "../../errors.ts";
import { LedgerWriter } from "../../format/ledger-writer.ts";
import { type PackingChoice, packingChoice } from "../../format/packing-levels.ts";
import { packWindow } from "../../pool/frames/compressors.ts";
import { startWriter } from "../../pool/media/writer.ts";
import { type RunContext, stoppedError } from "../../run/run.ts";
import type { VolumeStart } from "../../tape/catalogue/volume.ts";
import type { MediumKind } from "../../tape/medium/medium.ts";
import type { WriteArchiveOptions } from "../media/medium-options.ts";
import type { ArchivePlan } from "../plan/archive-plan.ts";
import { FrameMarks } from "../plan/frame-marks.ts";
import { findFileVolumes } from "../resume/find-file-volumes.ts";
import { findTapeVolumes } from "../resume/find-tape-volumes.ts";
import { freshVolume } from "../resume/go-on-behind.ts";
import { findResumePoint, type ResumeOptions, type ResumePoint } from "../resume/resume-point.ts";
import { checkToken } from "../volumes/resume-token.ts";
import { setIdOf } from "../volumes/set-id.ts";
import { statePath } from "../volumes/state-file.ts";
import { ArchiveWriting } from "./archive-writing.ts";
import { DiskWrites } from "./disk-writes.ts";
import { explainFailure } from "./explain-failure.ts";
import { LedgerQueue } from "./ledger-queue.ts";
import { SetControl } from "./set-control.ts";
import { WriteWindows } from "./write-windows.ts";

/** Between two flushes, in bytes: what a kill can cost. A tape must stop to flush, so it does it seldom. */
const usualFlushBytes: Record<MediumKind, number> = {
  file: 128 * 1024 * 1024,
  stream: 16 * 1024 * 1024,
  device: 128 * 1024 * 1024,
  tape: 2 * 1024 * 1024 * 1024,
};

/** What became of an archive. */
interface WriteArchiveResult {
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
): Promise<WriteArchiveResult> {
  const set = isSet(options) ? setIdOf(plan, packingOf(options)) : undefined;
  const { blobsDone } = run.status;
  const wrong = new Set<string>();
  let start = Number.POSITIVE_INFINITY;
  for (let volumes: number | undefined; ; ) {
    const wholeBlobs = wrong.size > 0;
    const resume = wholeBlobs || options.resume === true;
    const resumed = await findStart(plan, { ...options, resume, wholeBlobs, volumes }, set, run);
    start = Math.min(start, startOf(resumed));
    try {
      if (resumed?.isWhole === true) return { moved: 0, notes: [resumed.note] };
      const result = await write(plan, options, set, resumed, wrong, run);
      if ("end" in result) return { moved: result.end - start, notes: result.notes };
      wrong.add(result.wrong);
      volumes = result.volumes;
    } finally {
      resumed?.close();
    }
    run.status.blobsDone = blobsDone;
  }
}

/** Bytes of the medium that stay as they are. */
function startOf(resumed: ResumePoint | undefined): number {
  return resumed?.begin?.at ?? resumed?.kept.packed ?? 0;
}

/** The blob that came out wrong, where the medium can be cut in front of it for it to be fetched once more. */
function wrongBlob(
  cause: AceError | undefined,
  { destination, medium, resumeVolume, volumeChange }: WriteArchiveOptions,
  set: SetControl | undefined,
): string | undefined {
  if (medium !== "file" || destination === "-" || resumeVolume !== undefined) return undefined;
  // The command may have brought whole volumes elsewhere.
  if (volumeChange !== undefined && set !== undefined && set.state.closed > 0) return undefined;
  return cause?.begunBlob;
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
  options: WriteArchiveOptions & ResumeOptions,
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

/** A whole archive, or a blob that came out wrong when the medium had a part of it: it is to be cut off, and to come again. */
type Written =
  | { end: number; notes: readonly string[] }
  | {
      wrong: string;
      /** How many volumes this run has to do with. */
      volumes: number | undefined;
    };

/**
 * @param wrong digests of blobs that are fetched again already
 * @throws AceError the first cause
 */
async function write(
  plan: ArchivePlan,
  options: WriteArchiveOptions,
  setId: string | undefined,
  resumed: ResumePoint | undefined,
  wrong: ReadonlySet<string>,
  run: RunContext,
): Promise<Written> {
  // Before the file is cut: a ledger must never say more than the medium has.
  await using ledger = await openLedger(options, resumed);
  const { status, signal } = run;
  const start = resumed ?? { kept: { plain: 0, packed: 0 }, from: 0, ledger: { lines: 0 } };
  const packing = packingOf(options);
  const marks = packing === undefined ? undefined : (resumed?.marks ?? new FrameMarks());
  const windows = new WriteWindows(options, start, (text) => run.ui.log("warn", text));
  const fail = (error: unknown) => windows.fail(error);
  const onLedger = new DiskWrites(fail);
  const onState = new DiskWrites(fail);
  const set =
    setId === undefined
      ? undefined
      : new SetControl(
          plan,
          options,
          resumed?.begin ?? beginningOf(setId),
          marks,
          onState,
          run,
          resumed?.wholeVolumes,
        );
  const onMedium = marks && ((offset: number) => marks.onMedium(offset));
  const queue = new LedgerQueue(ledger, onLedger, onMedium, set?.state.positionOf);
  set?.writeLinesOf(queue);
  const { plain, packed } = windows;
  const writer = startWriter(
    {
      window: packed.handle,
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
  status.bytesTotal = plan.size.bytes - start.from;
  status.bytesMoved = () => plain.drained - start.from;
  status.windowFill = () => Math.max(0, plain.lastFilled - plain.drained) / plain.capacityBytes;
  if (set !== undefined) status.volumes = () => set.figures(packed.drained, packed.underruns);
  const from = { from: start.from, keptPart: resumed?.keptPart, ledgerLines: start.ledger.lines, wrong };
  const writing = new ArchiveWriting(plan, options.blobSource, run, plain, queue, fail, from);
  const place = async () => {
    // A medium that cannot be opened must not cost the registry a request.
    await writer.opened;
    await writing.run();
  };
  const stop = () => fail(stoppedError(signal));
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const placing = place();
  const frames = packing && packWindow(packing, plain, packed, (mark) => marks?.add(mark), start.kept);
  let isUnused = false;
  try {
    const [{ underruns }] = await windows.unlessFailed(Promise.all([writer.done, placing, frames]));
    await Promise.all([writing.idle(), onLedger.settled(), onState.settled()]);
    if (windows.cause !== undefined) throw windows.cause;
    isUnused = true;
    return {
      end: packed.end ?? 0,
      notes: [...(resumed === undefined ? [] : [resumed.note]), ...(set?.notes(underruns) ?? [])],
    };
  } catch (error) {
    const { cause } = windows;
    const begun = wrongBlob(cause, options, set);
    if (begun !== undefined && !wrong.has(begun) && !signal.aborted) {
      run.ui.log("warn", `${messageOf(cause)}: it is fetched again, whole`);
      await Promise.allSettled([writer.done, placing, frames]);
      await Promise.all([writing.idle(), onLedger.settled(), onState.settled()]);
      isUnused = true;
      return { wrong: begun, volumes: set?.figures(0, 0).volume };
    }
    const goodBytes = () => Math.max(writer.durable(), startOf(resumed));
    const facts = { writer, idle: writing.idle(), ledger: onLedger, state: onState, set, goodBytes };
    throw cause === undefined ? error : await explainFailure(cause, facts, options);
  } finally {
    signal.removeEventListener("abort", stop);
    // Every job, the writer and the compressors are done with them, unless the run ends here.
    windows.close(isUnused);
  }
}

/** Without a ledger nobody could use what a flush makes sure of; on a tape it still tells how far the tape is good. */
function flushEvery({ checkpoint, medium, blockBytes, flushBytes }: WriteArchiveOptions): number {
  if (checkpoint === undefined && medium !== "tape" && flushBytes === undefined) return 0;
  return Math.max(blockBytes, flushBytes ?? usualFlushBytes[medium]);
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
