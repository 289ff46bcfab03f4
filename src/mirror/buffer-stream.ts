/** `util mbuffer`: one stream into another, or a device, through the window. */
import { accessSync, type BigIntStats, constants, fstatSync, statSync } from "node:fs";
import { isatty } from "node:tty";
import { AceError, systemState } from "../errors.ts";
import type { OnNotice } from "../pool/host/thread-contract.ts";
import { startFiller } from "../pool/media/filler.ts";
import { startWriter, type Writer } from "../pool/media/writer.ts";
import { stoppedError, unlessStopped } from "../run/run.ts";
import { checkDestination, statDestination } from "../tape/medium/medium.ts";
import { OutgoingWindow } from "../tape/window/outgoing-window.ts";
import { makeWindows, windowSizeFor } from "../tape/window/window-size.ts";
import type { WriteLoopResult } from "../tape/window/write-loop.ts";
import type { RunStatus } from "../ui/status.ts";

export interface BufferOptions {
  /** A path, or `-` for standard input. */
  source: string;
  /** A path, or `-` for standard output. */
  destination: string;
  /** Bytes of every write but the last, which is as long only on a tape. */
  blockBytes: number;
  /** 0 = automatic. */
  windowBytes: number;
  /** Percent; undefined takes the medium's default. */
  highWaterPercent: number | undefined;
  /** Of the destination at most; undefined as fast as it goes. */
  bytesPerSecond?: number | undefined;
  /** Replace an existing regular file. */
  force: boolean;
}

/** What the run needs of the program. */
export interface BufferRun {
  status: RunStatus;
  signal: AbortSignal;
  notice: OnNotice;
}

/** How it went. */
export interface BufferResult {
  bytes: number;
  /** How often the writing stopped to wait for the high-water mark again. */
  underruns: number;
}

/** How long a stopped run waits for its writer to say how far it came. */
const stopGraceMs = 1000;

/**
 * Moves the whole stream. What was read before the source failed is written all the same.
 * @throws AceError `medium`, and `stopped` when the signal fires
 */
export async function bufferStream(options: BufferOptions, run: BufferRun): Promise<BufferResult> {
  const { source, destination, blockBytes } = options;
  checkDestination(options);
  checkSource(source, destination);
  const window = makeWindows(
    options.windowBytes,
    (bytes) => {
      const { capacityBytes, chunkBytes } = windowSizeFor(bytes, blockBytes);
      return OutgoingWindow.create(capacityBytes, { chunkBytes });
    },
    (text) => run.notice("warn", text),
  );
  const { status, signal } = run;
  status.phase = "buffering";
  status.bytesMoved = () => window.drained;
  status.windowFill = () => Math.max(0, window.lastFilled - window.drained) / window.capacityBytes;
  const stop = () => window.abort();
  signal.addEventListener("abort", stop, { once: true });
  const writer = startWriter(
    {
      window: window.handle,
      medium: { destination, force: options.force, blockBytes },
      highWater: options.highWaterPercent === undefined ? undefined : options.highWaterPercent / 100,
      loop: { blockBytes, flushEveryBytes: 0, bytesPerSecond: options.bytesPerSecond },
      set: undefined,
    },
    { notice: run.notice },
  );
  try {
    // A destination that cannot be opened must not cost anybody a byte of the source.
    await unlessStopped(writer.opened, signal);
    const filled = startFiller({
      window: window.handle,
      source,
      blockBytes: 0,
      stepBytes: blockBytes,
    });
    // Its thread may have ended without a word: then the writer would wait for ever.
    filled.catch(() => window.end ?? stop());
    const result = await unlessStopped(writer.done, signal);
    return await settle(result, filled, destination);
  } catch (error) {
    throw await explain(error, writer, destination, signal);
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/** Bytes are all there are only when the source says so. */
async function settle(
  result: WriteLoopResult,
  filled: Promise<number>,
  destination: string,
): Promise<BufferResult> {
  try {
    await filled;
  } catch (error) {
    if (!(error instanceof AceError)) throw error;
    throw error.withDetails(`the ${result.written} bytes that came before it are on ${nameOf(destination)}`);
  }
  return { bytes: result.written, underruns: result.underruns };
}

/** A stop says how far the medium is good. */
async function explain(
  error: unknown,
  writer: Writer,
  destination: string,
  signal: AbortSignal,
): Promise<unknown> {
  if (!signal.aborted) return error;
  const ended = writer.done.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, stopGraceMs))]);
  return stoppedError(signal).withDetails(`${nameOf(destination)} is good up to byte ${writer.durable()}`);
}

function nameOf(destination: string): string {
  return destination === "-" ? "standard output" : destination;
}

/** @throws AceError `usage` when nothing would come, or everything would be lost; `medium` when it cannot be read */
function checkSource(source: string, destination: string): void {
  if (source === "-" && isatty(0)) {
    throw new AceError("usage", "Cannot read standard input: it is a terminal", {
      hint: "Send something in with a pipe or from a file, or name a file or a device as the input.",
    });
  }
  const from = statSource(source);
  const to = statDestination(destination);
  if (from.isFile() && to !== undefined && from.dev === to.dev && from.ino === to.ino) {
    throw new AceError("usage", `Cannot write ${nameOf(destination)}: it is the file that is read`);
  }
}

function statSource(source: string): BigIntStats {
  try {
    if (source === "-") return fstatSync(0, { bigint: true });
    accessSync(source, constants.R_OK);
    return statSync(source, { bigint: true });
  } catch (cause) {
    const name = source === "-" ? "standard input" : source;
    throw new AceError("medium", `Cannot read ${name}: ${systemState(cause)}`, { cause });
  }
}
