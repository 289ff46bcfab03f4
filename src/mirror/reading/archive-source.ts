/** An archive to read from: a plain tar on disk by position, anything else as a stream through the window. */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { sniffBytes, sniffCompression } from "../../archive/decompress.ts";
import { AceError, messageOf, systemCodeOf } from "../../errors.ts";
import type { BlobPlace } from "../../pool/jobs.ts";
import { startReader } from "../../pool/reader.ts";
import type { TapePosition } from "../../tape/tape-position.ts";
import { Window } from "../../tape/window.ts";
import { windowBytesFor } from "../writing/window-size.ts";

/** What the reading of entries needs. Offsets are those of the (unpacked) tar. */
export interface ArchiveSource {
  /** As the user calls it. */
  readonly name: string;
  /** Bytes of the tar, when they are known beforehand. */
  readonly totalBytes: number | undefined;
  /** True when any place can be read at any time. */
  readonly seekable: boolean;
  /** Bytes of the tar that have come in, for the progress. */
  position(): number;
  windowFill(): number | undefined;
  /** True when what is read is compressed; known at the latest at the archive's end. */
  isPacked(): boolean;
  /**
   * A private copy of up to `length` bytes from `offset` on; fewer only at the archive's end.
   * In a stream `offset` must not lie before what was claimed or discarded.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Hands a body to a job, which gives it back itself. */
  claim(offset: number, size: number): Promise<BlobPlace>;
  /** Says that nothing before `offset` is needed any more but what was claimed. */
  discard(offset: number): Promise<void>;
  /** Stops whatever still reads. May be called again. */
  close(): void;
}

/** The flags of every reading verb that say how to read. */
export interface ReadingOptions {
  /** Bytes of a read call on a stream; 0 finds out. */
  blockBytes: number;
  /** Bytes of the window for a stream; 0 = automatic. */
  windowBytes: number;
  /** Where on a tape to begin; where it stands, when left out. */
  tapePosition?: TapePosition | undefined;
}

/** How to open. */
export interface ArchiveSourceOptions extends ReadingOptions {
  /** A path, or `-` for standard input. */
  source: string;
}

/** @throws AceError `medium` when it cannot be opened */
export function openArchive(options: ArchiveSourceOptions): ArchiveSource {
  const { source, tapePosition = { kind: "here" } } = options;
  const plain = openPlainFile(source);
  if (plain !== undefined && tapePosition.kind !== "here") {
    plain.close();
    throw new AceError("usage", `Cannot use --position: ${source} is not a tape`);
  }
  return plain ?? new StreamSource(options);
}

/** A regular file that is not compressed; undefined for everything else. A pipe or a tape must not be opened twice: stat first. */
function openPlainFile(path: string): ArchiveSource | undefined {
  if (path === "-") return undefined;
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw new AceError("medium", `Cannot read ${path}: it is a directory`);
    if (!stat.isFile()) return undefined;
    const fd = openSync(path, "r");
    const head = Buffer.alloc(sniffBytes);
    const count = readSync(fd, head, 0, sniffBytes, 0);
    if (sniffCompression(head.subarray(0, count)) === "none") return new FileSource(path, fd);
    closeSync(fd);
    return undefined;
  } catch (cause) {
    if (cause instanceof AceError) throw cause;
    throw openError(path, cause);
  }
}

function openError(path: string, cause: unknown): AceError {
  const states: Readonly<Record<string, string>> = { ENOENT: "no such file", EACCES: "permission denied" };
  return new AceError(
    "medium",
    `Cannot read ${path}: ${states[systemCodeOf(cause) ?? ""] ?? messageOf(cause)}`,
    { cause },
  );
}

class FileSource implements ArchiveSource {
  readonly seekable = true;
  readonly totalBytes: number;
  readonly name: string;
  /** Undefined when closed: its number may be somebody else's by then. */
  #fd: number | undefined;

  constructor(path: string, fd: number) {
    this.name = path;
    this.#fd = fd;
    this.totalBytes = fstatSync(fd).size;
  }

  position(): number {
    return 0;
  }

  windowFill(): undefined {
    return undefined;
  }

  isPacked(): boolean {
    return false;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.min(length, Math.max(0, this.totalBytes - offset)));
    const fd = this.#fd;
    if (fd === undefined) throw new AceError("stopped", `Cannot read ${this.name}: it is closed`);
    for (let done = 0; done < bytes.length; ) {
      const count = this.#readAt(fd, bytes.subarray(done), offset + done);
      if (count === 0) return bytes.subarray(0, done);
      done += count;
    }
    return bytes;
  }

  #readAt(fd: number, into: Uint8Array, offset: number): number {
    try {
      return readSync(fd, into, 0, into.length, offset);
    } catch (cause) {
      const state = systemCodeOf(cause) === "EIO" ? "input/output error" : messageOf(cause);
      throw new AceError("medium", `Cannot read ${this.name} at byte ${offset}: ${state}`, { cause });
    }
  }

  async claim(offset: number): Promise<BlobPlace> {
    return { kind: "file", path: this.name, offset };
  }

  async discard(): Promise<void> {}

  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeSync(fd);
  }
}

class StreamSource implements ArchiveSource {
  readonly seekable = false;
  readonly totalBytes = undefined;
  readonly name: string;
  readonly #window: Window;
  readonly #ended: Promise<number>;
  /** Up to here everything is claimed or discarded. */
  #cursor = 0;
  #isPacked = false;
  #reads = 0;
  /** True when the reader reads no more. */
  #isOver = false;

  constructor(options: ArchiveSourceOptions) {
    this.name = options.source === "-" ? "standard input" : options.source;
    this.#window = Window.create(windowBytesFor(options.windowBytes, 1));
    this.#ended = startReader(
      {
        window: this.#window.handle,
        source: options.source,
        blockBytes: options.blockBytes,
        position: options.tapePosition,
      },
      (compression) => {
        this.#isPacked = compression !== "none";
      },
    );
    const over = (error?: unknown) => {
      this.#isOver = true;
      // A thread that broke down sets no end to the stream; whoever waits learns why from what it waits for.
      if (error instanceof AceError && error.code === "internal") this.#window.abort();
    };
    this.#ended.then(() => over(), over);
  }

  position(): number {
    return this.#window.front;
  }

  windowFill(): number {
    return Math.max(0, this.#window.front - this.#window.scanned) / this.#window.capacityBytes;
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
    const bytes = this.#window.copy(offset, Math.max(0, Math.min(length, this.#window.front - offset)));
    this.#reads++;
    if (this.#reads % readsBetweenCollections === 0) Bun.gc(true);
    // At the end of what came: when the reader failed there, its error is the one to report.
    if (bytes.length < length) await this.#ended;
    return bytes;
  }

  async claim(offset: number, size: number): Promise<BlobPlace> {
    await this.#discardTo(offset, 1);
    const slot = await this.#append(offset, offset + size);
    return { kind: "window", window: this.#window.handle, slot, offset };
  }

  async discard(offset: number): Promise<void> {
    await this.#discardTo(offset);
  }

  close(): void {
    if (this.#window.aborted) return;
    // When the reader has ended and all that was handed out is given back, nobody looks at the window any more.
    const isUnused = this.#isOver && this.#window.scan() === this.#cursor;
    this.#window.abort();
    if (isUnused) this.#window.release();
  }

  /** Little things are let go of together: a segment for each of a million headers would cost more than the bytes. */
  async #discardTo(offset: number, leastBytes = discardBytes): Promise<void> {
    if (offset < this.#cursor + leastBytes) return;
    const slot = await this.#append(this.#cursor, offset);
    this.#window.advance(slot, offset);
  }

  async #append(start: number, end: number): Promise<number> {
    for (;;) {
      // The reader retires what is released, as long as it reads; many small entries may be left when it is done.
      if (this.#isOver) this.#window.scan();
      const slot = this.#window.append(start, end);
      if (slot !== undefined) {
        this.#cursor = end;
        return slot;
      }
      this.#window.throwIfAborted();
      // A timer, since it alone keeps the process alive once the reader is gone.
      await new Promise((resolve) => setTimeout(resolve, slotWaitMs));
    }
  }

  /** Waits for the reader; when the window is aborted, the reader's own error is the one to report. */
  async #wait(target: number): Promise<void> {
    try {
      await this.#window.waitForFront(target);
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
