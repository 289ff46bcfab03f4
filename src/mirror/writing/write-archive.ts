/** Writes a planned archive to its medium: pieces into the window in order, blobs by the pool in any order. */

import { LedgerWriter } from "../../archive/ledger-writer.ts";
import { packingChoice } from "../../archive/packing-levels.ts";
import { AceError } from "../../errors.ts";
import { frameBytes, packWindow } from "../../pool/compressors.ts";
import { startWriter, type Writer } from "../../pool/writer.ts";
import type { MediumKind } from "../../tape/medium.ts";
import { Window } from "../../tape/window.ts";
import { type RunContext, stoppedError } from "../run.ts";
import { ArchiveWriting } from "./archive-writing.ts";
import { FrameMarks } from "./frame-marks.ts";
import { LedgerQueue } from "./ledger-queue.ts";
import type { ArchivePlan } from "./plan-archive.ts";
import { findResumePoint, type ResumePoint } from "./resume-point.ts";
import { windowBytesFor } from "./window-size.ts";
import type { WriteArchiveOptions } from "./write-archive-options.ts";

/** Between two flushes, in bytes: what a kill can cost. A tape must stop to flush, so it does it seldom. */
const usualFlushBytes: Record<MediumKind, number> = {
  file: 128 * 1024 * 1024,
  stream: 16 * 1024 * 1024,
  device: 128 * 1024 * 1024,
  tape: 2 * 1024 * 1024 * 1024,
};

/** Frames that the window before the compressors must hold, so that cores and network work at the same time. */
const fewestFrames = 8;

/** How long a stopped run waits for its writer; the bound for Ctrl-C is 2 s. */
const stopGraceMs = 1000;

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
  const resumed = options.resume === true ? await findResumePoint(plan, options, run) : undefined;
  try {
    return await write(plan, options, resumed, run);
  } finally {
    resumed?.close();
  }
}

async function write(
  plan: ArchivePlan,
  options: WriteArchiveOptions,
  resumed: ResumePoint | undefined,
  run: RunContext,
): Promise<WrittenBytes> {
  // Before the file is cut: a ledger must never say more than the medium has.
  await using ledger = await openLedger(options, resumed);
  const start = resumed ?? { kept: { plain: 0, packed: 0 }, from: 0, ledger: { lines: 0 } };
  const marks = options.compression === undefined ? undefined : (resumed?.marks ?? new FrameMarks());
  const queue = new LedgerQueue(ledger, marks && ((offset) => marks.onMedium(offset)));
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
        resumed: resumed?.handOver(),
      },
      highWater: options.highWaterPercent === undefined ? undefined : options.highWaterPercent / 100,
      loop: {
        blockBytes: options.blockBytes,
        flushEveryBytes: flushEvery(options),
      },
    },
    (offset) => queue.durable(offset),
    (level, text) => run.ui.log(level, text),
  );
  const { status, signal } = run;
  status.bytesTotal = plan.size.bytes - start.from;
  status.bytesMoved = () => window.front - start.from;
  status.windowFill = () => Math.max(0, window.scanned - window.front) / window.capacityBytes;
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
    const packing =
      options.compression === undefined
        ? Promise.resolve()
        : packWindow(
            packingChoice(options.compression, options.compressionLevel),
            windows.plain,
            windows.packed,
            (mark) => marks?.add(mark),
            start.kept,
          );
    packing.catch((error: unknown) => writing.fail(error));
    await Promise.all([writing.run(), packing]);
    await queue.settled();
    const moved = (windows.packed.end ?? 0) - start.kept.packed;
    // Every job, the writer and the compressors are done with them.
    for (const each of new Set([windows.plain, windows.packed])) each.release();
    return { moved, notes: resumed === undefined ? [] : [resumed.note] };
  } catch (error) {
    stop();
    throw await explain(
      error,
      () => Math.max(writer.durable(), start.kept.packed),
      writer,
      queue,
      options,
      run,
    );
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
    const window = Window.create(bytes, undefined, from);
    return { plain: window, packed: window };
  }
  const plainBytes = Math.max(Math.ceil(bytes / 2), fewestFrames * frameBytes);
  return {
    plain: Window.create(windowBytesFor(plainBytes, frameBytes), undefined, from),
    packed: Window.create(windowBytesFor(Math.ceil(bytes / 4), options.blockBytes), undefined, kept.packed),
  };
}

/** The checkpoint of a resumed archive goes on with what it says of the part that stays. */
async function openLedger(
  { checkpoint, force }: WriteArchiveOptions,
  resumed: ResumePoint | undefined,
): Promise<LedgerWriter | undefined> {
  if (checkpoint === undefined) return undefined;
  if (resumed !== undefined) return LedgerWriter.resume(checkpoint, resumed.ledger.bytes);
  return LedgerWriter.open(checkpoint, { force });
}

/** Waits a moment for the writer to say how far the medium is good, and adds that to the error. */
async function explain(
  error: unknown,
  goodBytes: () => number,
  writer: Writer,
  queue: LedgerQueue,
  options: WriteArchiveOptions,
  run: RunContext,
): Promise<unknown> {
  const ended = writer.done.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, stopGraceMs))]);
  await queue.settled();
  const cause = run.signal.aborted ? stoppedError(run.signal) : error;
  if (!(cause instanceof AceError)) return cause;
  const name = options.destination === "-" ? "standard output" : options.destination;
  const good = goodBytes();
  const facts = [
    good === 0
      ? `${name} got nothing that can be used`
      : `${name} is good up to byte ${good}; it has no end marker, so nothing takes it for a whole archive`,
  ];
  if (options.medium === "file" && options.destination !== "-" && good > 0)
    facts.push("to go on in this file: the same command with --resume");
  if (options.checkpoint !== undefined && good > 0) {
    facts.push(`to go on in a new file: --existing-from-checkpoint ${options.checkpoint}:${good}`);
  }
  return cause.withDetails(...facts);
}
