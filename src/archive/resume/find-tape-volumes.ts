/** Finds where an interrupted set on tapes goes on: by its checkpoint, or by what is on the tape in the drive. */
import { AceError } from "../../errors.ts";
import type { FrameMark } from "../../pool/frames/compressors.ts";
import type { OnNotice } from "../../pool/host/thread-contract.ts";
import { runTapeJob } from "../../pool/media/tape-job.ts";
import type { RunContext } from "../../run/run.ts";
import { formatLabel } from "../../tape/catalogue/catalogue.ts";
import type { SurveyedFile } from "../../tape/drive/survey-tape.ts";
import type { WriteArchiveOptions } from "../media/medium-options.ts";
import type { ArchivePlan } from "../plan/archive-plan.ts";
import type { SetPoint } from "../volumes/set-state.ts";
import { readState, statePath } from "../volumes/state-file.ts";
import { compareWithPlan } from "./compare-with-plan.ts";
import { freshVolume, goOnBehind } from "./go-on-behind.ts";
import type { ResumePoint } from "./resume-point.ts";
import { WrittenOnTape } from "./written-on-tape.ts";

/**
 * @param set the id of the set that is to be written
 * @returns undefined when nothing of it is on the tape
 * @throws AceError `input` when the checkpoint, or what is on the tape, is that of another archive; `medium`
 */
export async function findTapeVolumes(
  plan: ArchivePlan,
  options: WriteArchiveOptions,
  set: string,
  run: RunContext,
): Promise<ResumePoint | undefined> {
  const { checkpoint } = options;
  const state = checkpoint === undefined ? undefined : readState(checkpoint);
  if (checkpoint !== undefined && state !== undefined && state.volume.set !== set) {
    throw new AceError(
      "input",
      `Cannot resume with checkpoint ${checkpoint}: ${statePath(checkpoint)} is about set ${state.volume.set}, and this run writes set ${set}: the image has changed, or it is another one`,
      { hint: { kind: "flags-of-first-run" } },
    );
  }
  return state === undefined
    ? await lookAtTape(plan, options, set, run)
    : await goOnByState(plan, options, state);
}

/** By what the checkpoint says; the writer compares the tape with it before it writes. */
async function goOnByState(
  plan: ArchivePlan,
  options: WriteArchiveOptions,
  { volume: written, whole, last, frame }: SetPoint,
): Promise<ResumePoint> {
  const { set, volume, offset, at, block, blockBytes } = written;
  if (whole && last)
    return wholePoint(plan, `volume ${volume}, the last one of set ${set}, was whole already`);
  if (whole) return await freshVolume(plan, options, { set, volume: volume + 1, offset: at }, frame);
  if (blockBytes !== options.blockBytes) throw otherBlocks(options, `volume ${volume}`, blockBytes);
  if (block === undefined) {
    throw new AceError(
      "medium",
      `Cannot resume ${options.destination}: the drive does not tell where it is`,
      {
        hint: { kind: "second-part" },
      },
    );
  }
  // Exact but for fixed blocks that are smaller than a write.
  const head = block + Math.floor((at - offset) / blockBytes);
  const note = `went on with volume ${volume} at byte ${at}, block ${head} of the tape`;
  const begin = { set, volume, offset, at, written: { ...written, block } };
  return await goOnBehind(plan, options, begin, frame, note);
}

function wholePoint(plan: ArchivePlan, note: string): ResumePoint {
  const all = { plain: plan.size.bytes, packed: plan.size.bytes };
  const ledger = { lines: 0, bytes: 0, offset: 0, beyond: false };
  return {
    isWhole: true,
    close: () => undefined,
    kept: all,
    from: all.plain,
    marks: undefined,
    ledger,
    note,
  };
}

/** Without a checkpoint the tape itself is read. */
async function lookAtTape(
  plan: ArchivePlan,
  options: WriteArchiveOptions,
  set: string,
  run: RunContext,
): Promise<ResumePoint | undefined> {
  const { destination, compression } = options;
  const notice: OnNotice = (level, text) => run.ui.log(level, text);
  const { files } = await runTapeJob(
    { kind: "survey", device: destination, verb: "resume" },
    run.signal,
    notice,
  );
  const file = chosenFile(files, options);
  if (file === undefined || file.kind === "empty") return undefined;
  const label = file.label ?? labelBehind(files, file);
  if (label !== undefined) {
    if (label.set !== set) return undefined;
    if (label.last) return wholePoint(plan, `${formatLabel(label)}, the last one, was whole already`);
    refuseWithoutState(compression, destination);
    const offset = label.offset + label.bytes;
    const next = { set, volume: label.volume + 1, offset };
    const message = `the tape in the drive is ${formatLabel(label)}, which is whole`;
    return await freshVolume(plan, options, next, plainMark(offset), { reason: "full", message });
  }
  refuseWithoutState(compression, destination);
  return await readBack(plan, options, set, file, run);
}

/** What an interrupted run wrote is the last file of a tape: writing loses all that is behind. */
function chosenFile(
  files: readonly SurveyedFile[],
  { position = { kind: "here" } }: WriteArchiveOptions,
): SurveyedFile | undefined {
  if (position.kind === "bot") return files[0];
  if (position.kind === "file") return files[position.number];
  if (position.kind === "block") return files.find(({ block }) => block === position.number);
  return files.findLast(({ kind }) => kind !== "empty");
}

function labelBehind(files: readonly SurveyedFile[], { file }: SurveyedFile): SurveyedFile["label"] {
  return files[file + 1]?.label;
}

/** Where frames end is in nothing but the checkpoint's state. */
function refuseWithoutState(compression: WriteArchiveOptions["compression"], name: string): void {
  if (compression === undefined) return;
  throw new AceError(
    "input",
    `Cannot resume ${name}: a compressed archive on a tape is gone on with by its checkpoint only`,
    { hint: { kind: "checkpoint-of-first-run" } },
  );
}

/** Volume 1, without a catalogue: compared with the plan from its first byte on. */
async function readBack(
  plan: ArchivePlan,
  options: WriteArchiveOptions,
  set: string,
  { file, block, blockBytes }: SurveyedFile,
  run: RunContext,
): Promise<ResumePoint> {
  const { destination: name } = options;
  if (block === undefined) {
    throw new AceError("medium", `Cannot resume ${name}: the drive does not tell where it is`, {
      hint: { kind: "second-part" },
    });
  }
  if (blockBytes !== options.blockBytes) throw otherBlocks(options, `file ${file} of the tape`, blockBytes);
  run.status.phase = "reading the tape back";
  run.status.bytesTotal = 0;
  using written = new WrittenOnTape(options, block, run);
  run.status.bytesMoved = () => written.position;
  const verified = await compareWithPlan(plan, written, name, run.signal).catch((error: unknown) => {
    throw asSecondVolume(error, name);
  });
  // The last block is written once more: only a write tells whether the tape's end is near, and then the volume ends with this block.
  const at = Math.max(0, verified - (verified % blockBytes) - blockBytes);
  const segments = await written.segments(at);
  const volume = { set, volume: 1, offset: 0, at };
  const { segmentBytes } = written;
  const found = {
    ...volume,
    file,
    block,
    blockBytes,
    segmentBytes,
    segments,
    open: undefined,
    isAtEnd: false,
  };
  const note = `went on on ${name} at byte ${at}: ${written.hashed} ${written.hashed === 1 ? "blob" : "blobs"} hashed, all else compared`;
  return await goOnBehind(plan, options, { ...volume, written: found }, plainMark(at), note);
}

/** In a plain archive each byte ends a frame. */
function plainMark(offset: number): FrameMark {
  return { plain: offset, packed: offset };
}

function otherBlocks(
  { destination, blockBytes }: WriteArchiveOptions,
  what: string,
  found: number | undefined,
): AceError {
  return new AceError(
    "usage",
    `Cannot resume ${destination}: ${what} has blocks of ${found ?? "another number of"} bytes, and this run writes blocks of ${blockBytes}`,
    { hint: { kind: "block-size-of-first-run" } },
  );
}

/** A volume that does not begin the archive cannot be told from another archive by its bytes. */
function asSecondVolume(error: unknown, name: string): unknown {
  if (!(error instanceof AceError) || error.code !== "input") return error;
  return new AceError(error.code, error.message, {
    cause: error,
    hint: { kind: "later-volume", name },
  });
}
