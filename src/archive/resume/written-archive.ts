/** What an interrupted run left at a destination, to be compared with what it should have left. */
import type { Descriptor } from "../../oci/descriptor.ts";
import type { FrameMark } from "../../pool/frames/compressors.ts";

/** An archive that is perhaps not whole, read from its front on. Offsets are those of the (unpacked) tar. */
export interface WrittenArchive {
  /** Up to `length` bytes from `offset` on; fewer where what is good ends. The caller's. Within the first MiB offsets may go back. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * Hashes a blob, unless it is known to be good. It may go on after this resolves: see {@link firstBad}.
   * @returns false when it is not there whole, or is known to be bad already
   */
  check(blob: Descriptor, offset: number): Promise<boolean>;
  /** Waits for what {@link check} began. @returns where the first bad blob begins; Infinity when all are good */
  firstBad(): Promise<number>;
  /** How much of the file can stay when the archive's first `verified` bytes are good. */
  kept(verified: number): FrameMark;
  /** The frames up to there; none in a plain tar. */
  readonly marks: readonly FrameMark[];
  /** Blobs hashed so far, and those that a checkpoint vouches for. */
  readonly hashed: number;
  readonly vouched: number;
}
