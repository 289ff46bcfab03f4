/** An archive that is read as a stream, through the window: a pipe, a tape, anything compressed. */
import { AceError } from "../../errors.ts";
import type { BlobPlace } from "../../pool/jobs.ts";
import { startReader } from "../../pool/media/reader.ts";
import type { WantedVolume } from "../../tape/catalogue/volume.ts";
import { IncomingWindow } from "../../tape/window/incoming-window.ts";
import type { Segment } from "../../tape/window/segment-table.ts";
import { makeWindows, windowSizeFor } from "../../tape/window/window-size.ts";
import type { ArchiveSource, ArchiveSourceOptions } from "./archive-source.ts";
import type { FoundSet } from "./check-volumes.ts";

/** What passes only once: a window of it is there at a time. */
export class StreamSource implements ArchiveSource {
  readonly seekable = false;
  readonly totalBytes = undefined;
  readonly files = undefined;
  readonly volumes: FoundSet | undefined;
  readonly name: string;
  readonly #window: IncomingWindow;
  readonly #ended: ReturnType<typeof startReader>;
  /** Up to here everything is claimed or discarded. */
  #cursor = 0;
  #isPacked = false;
  #reads = 0;
  /** True when the reader reads no more. */
  #isOver = false;

  /** @param volumes the files to read one after the other, when it is a set of them */
  constructor(options: ArchiveSourceOptions, volumes: FoundSet | undefined) {
    const source = volumes?.name ?? options.source;
    this.name = source === "-" ? "standard input" : source;
    this.volumes = volumes;
    this.#window = makeWindows(
      options.windowBytes,
      (bytes) => {
        const { capacityBytes, chunkBytes } = windowSizeFor(bytes, 1);
        return IncomingWindow.create(capacityBytes, { chunkBytes });
      },
      () => undefined,
    );
    this.#ended = startReader(
      {
        window: this.#window.handle,
        source,
        files: volumes?.volumes.map(({ path }) => path),
        blockBytes: options.blockBytes,
        position: options.tapePosition,
        singleFile: options.singleFile,
        tellSegments: options.onSegment !== undefined,
      },
      {
        ...(options.change === undefined
          ? {}
          : { change: (wanted: WantedVolume) => options.change?.(source, wanted) ?? Promise.resolve() }),
        ...(options.onSegment === undefined ? {} : { segment: options.onSegment }),
      },
    );
    const over = (error?: unknown) => {
      this.#isOver = true;
      // A thread that broke down sets no end to the stream; whoever waits learns why from what it waits for.
      if (error instanceof AceError && error.code === "internal") this.#window.abort();
    };
    this.#ended.then(({ compression }) => {
      this.#isPacked = compression !== "none";
      over();
    }, over);
  }

  position(): number {
    return this.#window.arrived;
  }

  windowFill(): number {
    return Math.max(0, this.#window.arrived - this.#window.lastReleased) / this.#window.capacityBytes;
  }

  isPacked(): boolean {
    return this.#isPacked;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const most = this.#window.capacityBytes / 2;
    if (length > most)
      throw new AceError(
        "archive",
        `Cannot read ${this.name}: ${length} bytes at byte ${offset} do not fit the window`,
      );
    await this.#discardTo(offset);
    await this.#wait(offset + length);
    const bytes = this.#window.copy(offset, Math.max(0, Math.min(length, this.#window.arrived - offset)));
    this.#reads++;
    if (this.#reads % readsBetweenCollections === 0) Bun.gc(true);
    // At the end of what came: when the reader failed there, its error is the one to report.
    if (bytes.length < length) await this.#ended;
    return bytes;
  }

  async claim(offset: number, size: number): Promise<BlobPlace> {
    await this.#discardTo(offset, 1);
    const segment = await this.#append(offset, offset + size);
    return { kind: "window", window: this.#window.handle, segment, offset };
  }

  async discard(offset: number): Promise<void> {
    await this.#discardTo(offset);
  }

  close(): void {
    if (this.#window.aborted) return;
    // When the reader has ended and all that was handed out is given back, nobody looks at the window any more.
    const isUnused = this.#isOver && this.#window.released() === this.#cursor;
    this.#window.abort();
    if (isUnused) this.#window.giveBack();
  }

  /** Little things are let go of together: a segment for each of a million headers would cost more than the bytes. */
  async #discardTo(offset: number, leastBytes = discardBytes): Promise<void> {
    if (offset < this.#cursor + leastBytes) return;
    const segment = await this.#append(this.#cursor, offset);
    this.#window.release(segment, offset);
  }

  async #append(start: number, end: number): Promise<Segment> {
    for (;;) {
      // The reader retires what is released, as long as it reads; many small entries may be left when it is done.
      if (this.#isOver) this.#window.released();
      const segment = this.#window.append(start, end);
      if (segment !== undefined) {
        this.#cursor = end;
        return segment;
      }
      this.#window.throwIfAborted();
      // A timer, since it alone keeps the process alive once the reader is gone.
      await new Promise((resolve) => setTimeout(resolve, slotWaitMs));
    }
  }

  /** Waits for the reader; when the window is aborted, the reader's own error is the one to report. */
  async #wait(target: number): Promise<void> {
    try {
      await this.#window.waitForArrival(target);
    } catch (error) {
      await Promise.race([this.#ended, new Promise((resolve) => setTimeout(resolve, readerGraceMs))]);
      throw error;
    }
  }
}

/**
 * The engine lets garbage grow with what is in use, and takes the window for that: it waits for some 200 MB. Collected so
 * often, 100 000 small entries cost half a second and 200 MB less (measured).
 */
const readsBetweenCollections = 8192;

/** Bytes that are discarded together; a small part of the smallest window. */
const discardBytes = 1024 * 1024;

/** How long one wait for a free slot lasts before the state is looked at again. */
const slotWaitMs = 2;

/** How long a stopped window waits for the reader to say why. */
const readerGraceMs = 200;
