/** Writes a planned archive and counts what it came to: what serialize and archive share once they know what goes in. */
import type { Packing } from "../../archive/packing-levels.ts";
import type { MediumKind } from "../../tape/medium.ts";
import type { TapePosition } from "../../tape/tape-position.ts";
import type { RunSummary } from "../../ui/summary.ts";
import type { RunContext } from "../run.ts";
import type { ArchivePlan } from "./plan-archive.ts";
import { writeArchive } from "./write-archive.ts";
import type { BlobSource } from "./write-archive-options.ts";

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
  /** Go on in the file that an interrupted run left; one that is not there is begun. */
  resume?: boolean;
}

/** What the plan's maker knows besides. */
export interface PlanWriting {
  verb: string;
  /** What the destination is, from `checkDestination`. */
  medium: MediumKind;
  blobSource: BlobSource;
  /** `performance.now()` when the run began. */
  startedMs: number;
}

/**
 * Writes the archive that a plan describes.
 * @throws AceError what writing throws
 */
export async function writePlan(
  plan: ArchivePlan,
  options: MediumOptions,
  { verb, medium, blobSource, startedMs }: PlanWriting,
  run: RunContext,
): Promise<RunSummary> {
  const { size } = plan;
  const { status } = run;
  status.imagesTotal = plan.imageCount;
  status.blobsTotal = size.blobs;
  status.blobsSkipped = size.knownBlobs;
  status.bytesSkipped = size.knownBytes;
  const { checkpoint, compression } = options;
  const { moved, notes } = await writeArchive(
    plan,
    { ...options, checkpoint, compression, medium, blobSource },
    run,
  );
  status.imagesDone = status.imagesTotal;
  return {
    verb,
    images: status.imagesTotal,
    blobs: size.blobs,
    bytesMoved: moved,
    blobsSkipped: size.knownBlobs,
    bytesSkipped: size.knownBytes,
    blobsMounted: 0,
    bytesMounted: 0,
    seconds: (performance.now() - startedMs) / 1000,
    notes,
  };
}
