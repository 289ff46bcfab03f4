/** What an archive is read from, whatever it lies on. */
import type { BlobPlace } from "../../pool/jobs.ts";
import type { TapePosition } from "../../tape/drive/tape-position.ts";
import type { ReadingChange } from "../media/reading-change.ts";
import type { ArchiveFiles } from "./archive-files.ts";
import type { FoundSet } from "./check-volumes.ts";

/** What the reading of entries needs. Offsets are those of the (unpacked) tar. */
export interface ArchiveSource {
  /** As the user calls it. */
  readonly name: string;
  /** Bytes of the tar, when they are known beforehand. */
  readonly totalBytes: number | undefined;
  /** True when any place can be read at any time. */
  readonly seekable: boolean;
  /** The files it lies in, when any place in them can be read at any time. */
  readonly files: ArchiveFiles | undefined;
  /** The set that these files are, compressed or not; undefined for anything but volumes. */
  readonly volumes: FoundSet | undefined;
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
  /** The user's command that brings the next tape. */
  volumeChange?: string | undefined;
}

/** How to open. */
export interface ArchiveSourceOptions extends ReadingOptions {
  /** A path, or `-` for standard input. */
  source: string;
  /** Gets the next volume of a tape; left out, there is none to be had. */
  change?: ReadingChange | undefined;
  /** Of a tape: one of its files, and no volumes behind it. */
  singleFile?: boolean;
  /** Told the hash of each segment of what comes in, before its last byte can be read. */
  onSegment?: ((sha256: string) => void) | undefined;
}
