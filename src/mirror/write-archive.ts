/** Writes a planned archive to its medium: pieces into the window in order, blobs by the pool in any order. */
import { LedgerWriter } from "../archive/ledger-writer.ts";
import { AceError } from "../errors.ts";
import { frameBytes, packWindow } from "../pool/compressors.ts";
import { startWriter, type Writer } from "../pool/writer.ts";
import type { MediumKind } from "../tape/medium.ts";
import { Window } from "../tape/window.ts";
import { ArchiveWriting } from "./archive-writing.ts";
import { FrameMarks } from "./frame-marks.ts";
import { LedgerQueue } from "./ledger-queue.ts";
import type { ArchivePlan } from "./plan-archive.ts";
import { type RunContext, stoppedError } from "./run.ts";
import { windowBytesFor } from "./window-size.ts";
import type { WriteArchiveOptions } from "./write-archive-options.ts";

/** Between two flushes, in bytes: what a kill can cost. A tape must stop to flush, so it does it seldom. */
const flushBytes: Record<MediumKind, number> = {
  file: 128 * 1024 * 1024,
  stream: 16 * 1024 * 1024,
  device: 128 * 1024 * 1024,
  tape: 2 * 1024 * 1024 * 1024,
};

/** Frames that the window before the compressors must hold, so that cores and network work at the same time. */
const fewestFrames = 8;

/** How long a stopped run waits for its writer; the bound for Ctrl-C is 2 s. */
const stopGraceMs = 1000;

/**
 * Writes the archive.
 * @returns its length in bytes
 * @throws AceError the first cause, with the offset up to which the medium is good in its details
 */
export async function writeArchive(
  plan: ArchivePlan,
  options: WriteArchiveOptions,
  run: RunContext,
): Promise<number> {
  await using ledger =
    options.checkpoint === undefined
      ? undefined
      : await LedgerWriter.open(options.checkpoint, { force: options.force });
  const marks = options.compression === undefined ? undefined : new FrameMarks();
  const queue = new LedgerQueue(ledger, marks && ((offset) => marks.onMedium(offset)));
  const windows = openWindows(options);
  const window = windows.plain;
  const writer = startWriter(
    {
      window: windows.packed.handle,
      medium: { destination: options.destination, force: options.force, blockBytes: options.blockBytes },
      highWater: options.highWaterPercent === undefined ? undefined : options.highWaterPercent / 100,
      loop: {
        blockBytes: options.blockBytes,
        flushEveryBytes: ledger === undefined ? 0 : Math.max(options.blockBytes, flushBytes[options.medium]),
      },
    },
    (offset) => queue.durable(offset),
  );
  const { status, signal } = run;
  status.bytesTotal = plan.size.bytes;
  status.bytesMoved = () => window.front;
  status.windowFill = () => Math.max(0, window.scanned - window.front) / window.capacityBytes;
  const stop = () => {
    windows.plain.abort();
    windows.packed.abort();
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    const writing = new ArchiveWriting(plan, options.blobSource, run, window, writer, queue, stop);
    const packing =
      options.compression === undefined
        ? Promise.resolve()
        : packWindow(options.compression, windows.plain, windows.packed, (mark) => marks?.add(mark));
    packing.catch((error: unknown) => writing.fail(error));
    await Promise.all([writing.run(), packing]);
    await queue.settled();
    return windows.packed.end ?? 0;
  } catch (error) {
    stop();
    throw await explain(error, writer, queue, options, run);
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/** One window, or, when the archive is compressed, one before and one behind the compressors that share the memory. */
function openWindows(options: WriteArchiveOptions): { plain: Window; packed: Window } {
  const bytes = windowBytesFor(options.windowBytes, options.blockBytes);
  if (options.compression === undefined) {
    const window = Window.create(bytes);
    return { plain: window, packed: window };
  }
  return {
    plain: Window.create(
      windowBytesFor(Math.max(Math.ceil(bytes / 2), fewestFrames * frameBytes), frameBytes),
    ),
    packed: Window.create(windowBytesFor(Math.ceil(bytes / 4), options.blockBytes)),
  };
}

/** Waits a moment for the writer to say how far the medium is good, and adds that to the error. */
async function explain(
  error: unknown,
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
  const good = writer.durable();
  const facts = [
    good === 0
      ? `${name} got nothing that can be used`
      : `${name} is good up to byte ${good}; it has no end marker, so nothing takes it for a whole archive`,
  ];
  if (options.checkpoint !== undefined && good > 0) {
    facts.push(`to go on in a new file: --existing-from-checkpoint ${options.checkpoint}:${good}`);
  }
  return cause.withDetails(...facts);
}
