/** Goes through a tape from its beginning and says what each of its files is, without reading what is in them. */
import { AceError, systemState } from "../../errors.ts";
import type { VolumeLabel } from "../catalogue/catalogue.ts";
import { type LookSize, readTapeContents, type TapeContents } from "./tape-contents.ts";
import { driveStates, type TapeDevice } from "./tape-device.ts";

/** A file of a tape: what lies between two filemarks. */
export interface SurveyedFile {
  /** From 0 at the beginning of the tape. */
  file: number;
  /** Of its first block, as MTSEEK counts; undefined when the drive cannot tell. */
  block: number | undefined;
  /** Bytes of its first block; undefined when it has none, when it is larger than what was read, or cannot be read. */
  blockBytes: number | undefined;
  /** `empty` has no block: a filemark follows the one before. `unreadable`: the drive fails to read its first block. */
  kind: "data" | "catalogue" | "empty" | "unreadable";
  /** In words, by how it begins. */
  is: string;
  /** Of a catalogue that this version can read. */
  label: VolumeLabel | undefined;
  /** False when the data of the tape end with it, without a filemark. */
  ended: boolean;
}

/** What is on a tape. */
export interface TapeSurvey {
  files: readonly SurveyedFile[];
  /** There is more behind {@link TapeSurvey.files}. */
  more: boolean;
  /** Where the data end, as MTSEEK counts; undefined with `more`, and when the drive cannot tell. */
  endBlock: number | undefined;
}

/** How to go through a tape. */
export interface SurveyOptions {
  /** As the user calls it. */
  name: string;
  /** Stop behind so many files; all when left out. */
  maxFiles?: number | undefined;
  /** True when the survey is to end; asked before each file. */
  isStopped: () => boolean;
  onFile?: (file: SurveyedFile) => void;
}

/** For the first read: what drives commonly take at most (READ BLOCK LIMITS). Of fixed blocks enough for a catalogue's first line. */
const firstRead: Readonly<LookSize> = { bytes: 8 * 1024 * 1024, fixedBytes: 64 * 1024 };

/**
 * Rewinds, looks at the first block of each file with one read and passes the rest of it with one FSF, and rewinds.
 * @throws AceError `medium` when the drive fails, with what was found until then as details; `stopped`
 */
export function surveyTape(device: TapeDevice, options: SurveyOptions): TapeSurvey {
  const files: SurveyedFile[] = [];
  const end = attempt(options.name, files, () => {
    // It also takes back what makes a driver refuse everything after a reset or a change of tapes.
    device.operate("rewind", 1);
    const found = goThrough(device, options, files);
    device.operate("rewind", 1);
    return found;
  });
  return { files, ...end };
}

function goThrough(
  device: TapeDevice,
  { name, maxFiles, isStopped, onFile }: SurveyOptions,
  files: SurveyedFile[],
): Pick<TapeSurvey, "more" | "endBlock"> {
  const size: LookSize = { ...firstRead };
  for (let last: number | undefined; ; ) {
    if (isStopped()) throw new AceError("stopped", "Cannot go on: the run was stopped");
    const block = device.position();
    if (block !== undefined && last !== undefined && block <= last) {
      throw new AceError(
        "medium",
        `Cannot go through ${name}: behind block ${last} the tape is at block ${block}, as after a reset`,
      );
    }
    last = block;
    const contents = readTapeContents(device, block, size);
    if (contents.kind === "blank") return { more: false, endBlock: block };
    if (files.length === maxFiles) return { more: true, endBlock: undefined };
    const ended = contents.kind === "filemark" || passFile(device);
    const file = { file: files.length, block, ...describe(contents), ended };
    files.push(file);
    onFile?.(file);
    if (!ended) return { more: false, endBlock: device.position() };
  }
}

/** @returns false when there is no filemark before the data end */
function passFile(device: TapeDevice): boolean {
  try {
    device.operate("forwardFiles", 1);
    return true;
  } catch (cause) {
    if (device.status()?.endOfData === true) return false;
    throw cause;
  }
}

function describe(contents: TapeContents): Pick<SurveyedFile, "blockBytes" | "kind" | "is" | "label"> {
  if (contents.kind === "block") {
    const { bytes, is, label } = contents;
    return { blockBytes: bytes, kind: label === undefined ? "data" : "catalogue", is, label };
  }
  const nothing = { blockBytes: undefined, label: undefined };
  return contents.kind === "unreadable"
    ? { ...nothing, kind: "unreadable", is: "something that the drive cannot read" }
    : { ...nothing, kind: "empty", is: "an empty file" };
}

function attempt<Result>(name: string, files: readonly SurveyedFile[], act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof AceError && cause.code === "stopped") throw cause;
    const found = files.map(({ file, block, is }) => `file ${file} at block ${block ?? "unknown"}: ${is}`);
    if (cause instanceof AceError) throw cause.withDetails(...found);
    const state = systemState(cause, driveStates);
    throw new AceError("medium", `Cannot go through ${name}: ${state} behind ${files.length} files`, {
      cause,
      details: found,
      hint: `ace-dt util tape status ${name} shows where it stands; see the kernel's log (dmesg).`,
    });
  }
}
