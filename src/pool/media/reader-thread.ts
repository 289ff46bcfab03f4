/** The reader's thread: reads a stream, unpacks it when it is compressed, and fills the window with it. */
import { cannotRead } from "../../errors.ts";
import { type Compression, decompress, sniffCompression } from "../../format/decompress.ts";
import { freeChunk } from "../../system/free-chunk.ts";
import { longestWaitMs } from "../../system/system-calls.ts";
import { SegmentHasher } from "../../tape/catalogue/segment-hasher.ts";
import { isTapePath } from "../../tape/drive/tape-device.ts";
import { readSource } from "../../tape/medium/read-source.ts";
import { readVolumes } from "../../tape/volumes/read-volumes.ts";
import { IncomingWindow } from "../../tape/window/incoming-window.ts";
import { type MainThread, threadMain } from "../host/thread-main.ts";
import type { ReaderStart, ReaderThread } from "./reader.ts";

type Main = MainThread<ReaderThread>;

/** The thread's whole life. */
export function runReaderThread(): void {
  threadMain<ReaderThread>(async (start, main) => {
    const window = new IncomingWindow(start.window);
    try {
      const compression = await fillWindow(start, window, main);
      return { compression, at: window.arrived };
    } finally {
      // What came before a failure is good, and a next part may count on it: the stream ends here, and whoever reads to its end learns why.
      window.setEnd(window.arrived);
    }
  });
}

async function fillWindow(start: ReaderStart, window: IncomingWindow, main: Main): Promise<Compression> {
  const chunks = iterate(chunksOf(start, window, main));
  const first = await chunks.next();
  if (first.done) throw cannotRead("archive", nameOf(start.source), "it is empty");
  const compression = sniffCompression(first.value);
  const all = asyncChunks(first.value, { [Symbol.asyncIterator]: () => chunks });
  if (compression === "none") {
    const segments = start.tellSegments === true ? new SegmentHasher() : undefined;
    let told = 0;
    for await (const chunk of all) {
      segments?.update(chunk);
      for (const sha256 of segments?.done.slice(told) ?? []) {
        main.tell({ kind: "segment", sha256 });
        told++;
      }
      place(window, chunk);
    }
  } else {
    for await (const chunk of decompress(compression, all, nameOf(start.source))) {
      place(window, chunk);
      // The decoder makes a new buffer when one is full, and the engine does not hurry to collect the old ones: some 150 MB.
      freeChunk(chunk);
    }
  }
  return compression;
}

/** A tape may be one of several. */
function chunksOf(
  start: ReaderStart,
  window: IncomingWindow,
  main: Main,
): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  const isStopped = () => window.aborted;
  if (!isTapePath(start.source)) return readSource(start, isStopped);
  const { source: name, blockBytes, position = { kind: "here" }, singleFile } = start;
  return readVolumes(
    { name, blockBytes, position, singleFile, isStopped },
    {
      change: (wanted) => main.ask("change", wanted),
      opened: (volume) => main.tell({ kind: "volume", volume }),
    },
  );
}

async function* iterate(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield* chunks;
}

function nameOf(source: string): string {
  return source === "-" ? "standard input" : source;
}

async function* asyncChunks(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield first;
  yield* rest;
}

/** Writes a chunk behind what has arrived, blocking the thread while the window is full. */
function place(window: IncomingWindow, chunk: Uint8Array): void {
  for (let done = 0; done < chunk.length; ) {
    const part = chunk.subarray(done, done + waitForRoom(window));
    window.arrive(part);
    done += part.length;
  }
}

function waitForRoom(window: IncomingWindow): number {
  for (;;) {
    const seen = window.progressSignal;
    window.throwIfAborted();
    const room = window.room();
    if (room > 0) return room;
    window.blockForProgress(seen, longestWaitMs);
  }
}
