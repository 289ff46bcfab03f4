/** Where and how an archive is written. */

import type { OptionName } from "../../errors.ts";
import type { Packing } from "../../format/packing-levels.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { RepositoryAddress } from "../../registry/settings.ts";
import type { TapePosition } from "../../tape/drive/tape-position.ts";
import type { MediumKind } from "../../tape/medium/medium.ts";
import type { ResumeToken } from "../volumes/resume-token.ts";

/** Says where a blob is fetched from, by the entry of the root that led to it. */
export type BlobSource = (entry: Descriptor) => RepositoryAddress;

/** The flags of serialize and archive that say where and how to write. */
export interface MediumOptions {
  /** A path, or `-` for standard output. */
  destination: string;
  blockBytes: number;
  /** Smaller blocks will do when a tape drive takes no larger ones. */
  smallerBlocks?: boolean;
  /** Where on a tape to begin; where it stands, when left out. */
  position?: TapePosition;
  /** Bytes between two flushes; undefined takes the medium's own. */
  flushBytes?: number | undefined;
  /** 0 = automatic. */
  windowBytes: number;
  /** Percent; undefined takes the medium's default. */
  highWaterPercent: number | undefined;
  checkpoint?: string;
  /** undefined writes a plain tar. */
  compression?: Packing;
  /** See `packingLevels`; undefined takes the usual one. */
  compressionLevel?: number | undefined;
  force: boolean;
  /** Go on in the file, or on the tape, that an interrupted run left; one that is not there is begun. */
  resume?: boolean;
  /** Go on with a fresh medium where an earlier run ended a volume. */
  resumeVolume?: ResumeToken | undefined;
  /** Bytes of a volume at most; undefined fills tapes, and writes a single file. */
  volumeBytes?: number | undefined;
  /** The user's command that brings the next medium. */
  volumeChange?: string | undefined;
  /** Of the options that were given, those that only a set of volumes has a use for. */
  setOptions?: readonly OptionName[];
  /** Read back what was written. */
  verify?: boolean;
  /** Of the medium at most; undefined as fast as it goes. */
  bytesPerSecond?: number | undefined;
}

/** Where and how to write, and where from. */
export interface WriteArchiveOptions extends MediumOptions {
  /** What the destination is, from `checkDestination`. */
  medium: MediumKind;
  blobSource: BlobSource;
}
