/** Looks at what an interrupted run left in a file, and finds where this run goes on in it. */
import { closeSync, constants, existsSync, fstatSync } from "node:fs";
import { AceError } from "../../errors.ts";
import { sniffBytes, sniffCompression } from "../../format/decompress.ts";
import type { Packing } from "../../format/packing-levels.ts";
import type { FrameMark } from "../../pool/frames/compressors.ts";
import type { KeptPart } from "../../pool/jobs.ts";
import type { RunContext } from "../../run/run.ts";
import type { Volume, VolumeStart } from "../../tape/catalogue/volume.ts";
import { openLocked } from "../../tape/medium/open-medium.ts";
import type { WriteArchiveOptions } from "../media/medium-options.ts";
import type { ArchivePlan } from "../plan/archive-plan.ts";
import { FrameMarks } from "../plan/frame-marks.ts";
import { compareWithPlan, type WrittenArchive } from "./compare-with-plan.ts";
import { followLedger, type LedgerPart } from "./follow-ledger.ts";
import { type WrittenBytes, WrittenInFile } from "./written-bytes.ts";
import { WrittenFrames } from "./written-frames.ts";
import { WrittenTar } from "./written-tar.ts";

/** Where a run goes on. */
export interface ResumePoint {
  /** In a single file: gives it away, open and locked, with the byte to cut it at. Whoever takes it closes it. */
  handOver?(): { fd: number; at: number };
  /** In a set of volumes: where. */
  begin?: VolumeStart;
  /** In a set of files: the volumes in front of the one at hand, which stay as they are. */
  wholeVolumes?: readonly Volume[];
  /** Nothing is left to be written. */
  isWhole?: boolean;
  /** Closes the file unless it was given away. */
  close(): void;
  /** What stays: bytes of the archive, and of the file. */
  kept: FrameMark;
  /** Where the archive's bytes are brought in from: the piece that `kept.plain` is in may have to come from its beginning. */
  from: number;
  /** What stays of the blob that `from` is in. */
  keptPart?: KeptPart | undefined;
  /** The frames that stay; undefined in a plain tar. */
  marks: FrameMarks | undefined;
  /** What stays of the checkpoint. */
  ledger: LedgerPart;
  /** What was found, for the closing line. */
  note: string;
}

/** What a comparison finds. */
export type FoundPoint = Pick<ResumePoint, "kept" | "from" | "keptPart" | "marks" | "ledger" | "note">;

/** What is asked of {@link findResumePoint}. */
export interface ResumeOptions
  extends Pick<WriteArchiveOptions, "destination" | "checkpoint" | "compression"> {
  /** A blob that was cut is not gone on with: it came out wrong before. */
  wholeBlobs: boolean;
  /** Only so many volumes count: this run wrote them, and those behind it are left of what it writes over. */
  volumes?: number | undefined;
}

/**
 * Compares a file with the archive that is to be in it, and changes nothing.
 * @returns undefined when there is no such file
 * @throws AceError `input` when the file, or the checkpoint, is that of another archive; `medium`
 */
export async function findResumePoint(
  plan: ArchivePlan,
  options: ResumeOptions,
  run: RunContext,
): Promise<ResumePoint | undefined> {
  if (!existsSync(options.destination)) return undefined;
  run.status.phase = "looking at what is there";
  const fd = openLocked(options.destination, constants.O_RDWR | constants.O_APPEND);
  try {
    return await find(plan, options, fd, run);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

async function find(
  plan: ArchivePlan,
  options: ResumeOptions,
  fd: number,
  run: RunContext,
): Promise<ResumePoint> {
  const file = { fd, path: options.destination, bytes: fstatSync(fd).size };
  const found = await compareWritten(plan, options, new WrittenInFile(file), run);
  let owned = true;
  return {
    ...found,
    handOver: () => {
      owned = false;
      return { fd, at: found.kept.packed };
    },
    close: () => {
      if (owned) closeSync(fd);
    },
  };
}

/**
 * Compares what is on a disk with the archive that is to be there.
 * @throws AceError `input` when it, or the checkpoint, is that of another archive; `medium`
 */
export async function compareWritten(
  plan: ArchivePlan,
  { checkpoint, compression, wholeBlobs }: ResumeOptions,
  bytes: WrittenBytes,
  run: RunContext,
): Promise<FoundPoint> {
  const { name: path } = bytes;
  run.status.bytesTotal = bytes.bytes;
  run.status.bytesMoved = () => run.pool.movedBytes;
  const blank = isBlank(bytes);
  if (!blank) checkPacking(bytes, compression);
  const written: WrittenArchive =
    compression === undefined
      ? new WrittenTar(bytes, await trustedBytes(plan, checkpoint, bytes.bytes), run)
      : new WrittenFrames(bytes, compression, plan.size.bytes, run.signal);
  const found = blank ? 0 : await compareWithPlan(plan, written, path, run.signal);
  const kept = written.kept(wholeBlobs ? pieceStart(plan, found) : found);
  if (kept.plain === plan.size.bytes && kept.packed < bytes.bytes) {
    throw new AceError(
      "input",
      `Cannot resume ${path}: the archive in it is whole and ends at byte ${kept.packed}, but the file goes on to byte ${bytes.bytes}`,
      { hint: "Look at what is behind it, or name a new file." },
    );
  }
  const marks = compression === undefined ? undefined : new FrameMarks();
  for (const mark of written.marks) marks?.add(mark);
  const place = (offset: number) => marks?.onMedium(offset) ?? offset;
  return {
    kept,
    ...(wholeBlobs ? { from: pieceStart(plan, kept.plain) } : keptPart(plan, kept.plain, written)),
    marks,
    ledger: await followLedger(checkpoint, plan, kept.plain, place),
    note: describe(path, bytes.bytes, kept, plan.size.bytes, written),
  };
}

const blankStepBytes = 1024 * 1024;

/** True for a file of nothing or of zeros, which is what a power cut soon after the start leaves. */
function isBlank(written: WrittenBytes): boolean {
  for (let offset = 0; offset < written.bytes; offset += blankStepBytes) {
    if (written.read(offset, blankStepBytes).some((byte) => byte !== 0)) return false;
  }
  return true;
}

/** A compressed file goes on compressed, a plain one plain. */
function checkPacking(written: WrittenBytes, compression: Packing | undefined): void {
  const found = sniffCompression(written.read(0, sniffBytes));
  if (found === (compression ?? "none")) return;
  const state = found === "none" ? "it is not compressed" : `it is compressed with ${found}`;
  throw new AceError("input", `Cannot resume ${written.name}: ${state}`, {
    hint: "Give the same flags as the run that began it.",
  });
}

/** How much of a plain tar the ledger knows to be on the disk; nothing when it speaks of more than there is. */
async function trustedBytes(
  plan: ArchivePlan,
  checkpoint: string | undefined,
  fileBytes: number,
): Promise<number> {
  const part = await followLedger(checkpoint, plan, fileBytes, (offset) => offset);
  return part.beyond ? 0 : part.offset;
}

/** Where the piece begins that holds an offset; the offset itself when one ends there. */
export function pieceStart(plan: ArchivePlan, offset: number): number {
  const [piece] = plan.pieces(offset);
  return Math.min(piece?.offset ?? offset, offset);
}

/** What is there of the blob that an offset is in need not come again, and is no reason to begin in front of the offset. */
function keptPart(
  plan: ArchivePlan,
  offset: number,
  written: WrittenArchive,
): Pick<ResumePoint, "from" | "keptPart"> {
  const [piece] = plan.pieces(offset);
  if (piece === undefined || piece.offset >= offset) return { from: offset };
  const bytes = offset - piece.offset;
  const place = piece.kind === "blob" ? written.placeOf(piece.offset, bytes) : undefined;
  return place === undefined ? { from: piece.offset } : { from: offset, keptPart: { bytes, place } };
}

function describe(
  path: string,
  fileBytes: number,
  kept: FrameMark,
  archiveBytes: number,
  { hashed, vouched }: WrittenArchive,
): string {
  const checked = [
    `${hashed} ${hashed === 1 ? "blob" : "blobs"} hashed`,
    ...(vouched > 0 ? [`${vouched} vouched for by the checkpoint`] : []),
    "all else compared",
  ].join(", ");
  if (kept.plain === archiveBytes) return `${path} was whole already: ${checked}; nothing was written`;
  const cut = fileBytes > kept.packed ? `; ${fileBytes - kept.packed} bytes behind that were cut off` : "";
  return `went on in ${path} at byte ${kept.packed}: ${checked}${cut}`;
}
