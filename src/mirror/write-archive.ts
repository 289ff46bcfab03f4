/** Writes a planned archive to its medium: pieces into the window in order, blobs by the pool in any order. */

import type { Packing } from "../archive/compress-frame.ts";
import { LedgerWriter } from "../archive/ledger-writer.ts";
import type { RepositoryAddress } from "../content/endpoint.ts";
import { Limiter } from "../content/limiter.ts";
import type { GraphNode } from "../content/walk.ts";
import { AceError } from "../errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { frameBytes, packWindow } from "../pool/compressors.ts";
import { startWriter, type Writer } from "../pool/writer.ts";
import type { MediumKind } from "../tape/medium.ts";
import { Window } from "../tape/window.ts";
import { FrameMarks } from "./frame-marks.ts";
import { LedgerQueue } from "./ledger-queue.ts";
import { type ArchiveContent, type ArchivePiece, planArchive } from "./plan-archive.ts";
import { type RunContext, stoppedError, unlessStopped } from "./run.ts";
import { windowBytesFor } from "./window-size.ts";

/** Where and how to write. */
export interface WriteArchiveOptions {
  destination: string;
  blockBytes: number;
  /** 0 = automatic. */
  windowBytes: number;
  /** Percent; undefined takes the medium's default. */
  highWaterPercent: number | undefined;
  checkpoint: string | undefined;
  force: boolean;
  /** undefined writes a plain tar. */
  compression: Packing | undefined;
  /** Of the whole archive, from `measureArchive`. */
  plannedBytes: number;
  /** What the destination is, from `checkDestination`. */
  medium: MediumKind;
  /** Where a blob is fetched from. */
  blobSource(descriptor: Descriptor, parent: GraphNode): RepositoryAddress;
}

/** Blobs up to this part of the window are shown to the writer only when verified; what is left lets the window reach its high-water mark. */
const heldBackPart = 8;

/** Between two flushes, in bytes: what a kill can cost. A tape must stop to flush, so it does it seldom. */
const flushBytes: Record<MediumKind, number> = {
  file: 128 * 1024 * 1024,
  stream: 16 * 1024 * 1024,
  device: 128 * 1024 * 1024,
  tape: 2 * 1024 * 1024 * 1024,
};

/** Frames that the window before the compressors must hold, so that cores and network work at the same time. */
const fewestFrames = 8;

/** Jobs handed to the pool for each that can run: enough that no thread waits for the next, few enough to cost no memory. */
const queuedJobs = 4;

/** How long a stopped run waits for its writer; the bound for Ctrl-C is 2 s. */
const stopGraceMs = 1000;

/**
 * Writes the archive.
 * @returns its length in bytes
 * @throws AceError the first cause, with the offset up to which the medium is good in its details
 */
export async function writeArchive(
  content: ArchiveContent,
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
  status.bytesTotal = options.plannedBytes;
  status.bytesMoved = () => window.front;
  status.windowFill = () => Math.max(0, window.scanned - window.front) / window.capacityBytes;
  const stop = () => {
    windows.plain.abort();
    windows.packed.abort();
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    const writing = new ArchiveWriting(content, options, run, window, writer, queue, stop);
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

class ArchiveWriting {
  readonly #content: ArchiveContent;
  readonly #options: WriteArchiveOptions;
  readonly #run: RunContext;
  readonly #window: Window;
  readonly #writer: Writer;
  readonly #queue: LedgerQueue;
  readonly #stop: () => void;
  readonly #jobs: Limiter;
  #failure: { error: unknown } | undefined;

  constructor(
    content: ArchiveContent,
    options: WriteArchiveOptions,
    run: RunContext,
    window: Window,
    writer: Writer,
    queue: LedgerQueue,
    stop: () => void,
  ) {
    this.#stop = stop;
    this.#jobs = new Limiter(run.pool.concurrency * queuedJobs);
    this.#content = content;
    this.#options = options;
    this.#run = run;
    this.#window = window;
    this.#writer = writer;
    this.#queue = queue;
  }

  async run(): Promise<void> {
    this.#writer.done.catch((error: unknown) => this.fail(error));
    try {
      await unlessStopped(this.#writer.opened, this.#run.signal);
      let end = 0;
      for (const piece of planArchive(this.#content)) end = await this.#place(piece);
      this.#window.setEnd(end);
      await this.#jobs.idle();
      if (this.#failure !== undefined) throw this.#failure.error;
      const result = await unlessStopped(this.#writer.done, this.#run.signal);
      if (!result.whole) throw stoppedError(this.#run.signal);
    } catch (error) {
      this.fail(error);
      throw this.#failure?.error;
    }
  }

  /** The first cause wins; whatever fails afterwards fails because of it. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop();
  }

  /** @returns the offset after the piece */
  async #place(piece: ArchivePiece): Promise<number> {
    const end = piece.offset + (piece.kind === "blob" ? piece.descriptor.size : piece.bytes.length);
    if (end > piece.offset) {
      const slot = await this.#slot(piece.offset, end);
      if (piece.kind === "blob") await this.#fetch(piece, slot);
      else await this.#fill(piece.offset, piece.bytes, slot);
    }
    if (piece.kind === "bytes" && piece.complete !== undefined)
      this.#queue.push({ descriptor: piece.complete, offset: end });
    return end;
  }

  async #slot(start: number, end: number): Promise<number> {
    for (;;) {
      const slot = this.#window.append(start, end);
      if (slot !== undefined) return slot;
      await this.#window.waitForSlot();
    }
  }

  /** Starts the fetch once the blob's first byte has room, so that every job that runs can make headway. */
  async #fetch(piece: ArchivePiece & { kind: "blob" }, slot: number): Promise<void> {
    await this.#window.waitForFront(piece.offset + 1 - this.#window.capacityBytes);
    const { descriptor, offset } = piece;
    await this.#jobs.start(async () => {
      try {
        await this.#run.pool.run({
          kind: "fetch",
          window: this.#window.handle,
          slot,
          offset,
          descriptor: { mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.size },
          source: this.#options.blobSource(descriptor, piece.parent),
          holdBack: descriptor.size <= this.#window.capacityBytes / heldBackPart,
        });
        this.#run.status.blobsDone++;
      } catch (error) {
        this.fail(error);
      }
    });
  }

  async #fill(offset: number, bytes: Uint8Array, slot: number): Promise<void> {
    const step = Math.max(1, Math.floor(this.#window.capacityBytes / 4));
    for (let done = 0; done < bytes.length; done += step) {
      const part = bytes.subarray(done, done + step);
      await this.#window.waitForFront(offset + done + part.length - this.#window.capacityBytes);
      this.#window.write(offset + done, part);
      this.#window.advance(slot, offset + done + part.length);
    }
  }
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
  return new AceError(cause.code, cause.message, {
    cause: cause.cause,
    ...(cause.hint === undefined ? {} : { hint: cause.hint }),
    details: [...cause.details, ...facts],
  });
}
