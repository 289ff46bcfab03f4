/** What an interrupted run left at a destination, to be compared with what it should have left. */
import type { Descriptor } from "../../oci/descriptor.ts";
import type { FrameMark } from "../../pool/frames/compressors.ts";
import type { KeptPart } from "../../pool/jobs.ts";

/** An archive that is perhaps not whole, read from its front on. Offsets are those of the (unpacked) tar. */
export interface WrittenArchive {
  /** Up to `length` bytes from `offset` on; fewer where what is good ends. The caller's. Within the first MiB offsets may go back. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * Hashes a blob, unless it is known to be good. It may go on after this resolves: see {@link goodEnd}.
   * @returns how many of its bytes are there; 0 when it is known already that it, or one before it, is bad
   */
  check(blob: Descriptor, offset: number): Promise<number>;
  /**
   * Waits for what {@link check} began.
   * @returns where the first bad blob begins, or where one that turned out to be cut ends; Infinity when all are whole and good
   */
  goodEnd(): Promise<number>;
  /** Where a part of a blob is that {@link kept} says can stay, for a job; undefined when no job can read it. */
  placeOf(offset: number, bytes: number): KeptPart["place"] | undefined;
  /** How much of the file can stay when the archive's first `verified` bytes are good. */
  kept(verified: number): FrameMark;
  /** The frames up to there; none in a plain tar. */
  readonly marks: readonly FrameMark[];
  /** Blobs hashed so far, and those that a checkpoint vouches for. */
  readonly hashed: number;
  readonly vouched: number;
}
