/** The messages between the main thread and that of a tape job. */
import * as v from "valibot";
import type { ErrorData } from "../errors.ts";
import type { TapeMove } from "../tape/drive/move-tape.ts";
import type { DriveReport, TapePlace } from "../tape/drive/report-drive.ts";
import type { TapeSurvey } from "../tape/drive/survey-tape.ts";

/** What each kind of job is told. */
interface TapeJobOptions {
  /** Everything that the drive says of itself, in whatever state it is; moves nothing. */
  report: Record<never, never>;
  /** What is on the tape; leaves it rewound. `verb` is what the message says could not be done: `read`, `resume`. */
  survey: { verb: string; maxFiles?: number | undefined };
  move: { move: TapeMove };
}

/** What each kind of job answers. */
export interface TapeJobResults {
  report: DriveReport;
  survey: TapeSurvey & { writeProtected: boolean };
  move: TapePlace;
}

/** Something to be done with a drive. */
export type TapeJob = {
  [Kind in keyof TapeJobOptions]: { kind: Kind; device: string } & TapeJobOptions[Kind];
}[keyof TapeJobOptions];

/** What starts the thread. */
export interface TapeThreadStart {
  job: TapeJob;
  /** One Int32; 1 asks the thread to stop where it can. */
  stop: SharedArrayBuffer;
}

/** What the thread says. */
export type TapeThreadMessage =
  /** From now on it waits for the drive to do this. */
  | { kind: "waiting"; what: string }
  | { kind: "notice"; text: string }
  | { kind: "done"; result: unknown }
  | { kind: "failed"; error: ErrorData };

const message = v.variant("kind", [
  v.object({ kind: v.literal("waiting"), what: v.string() }),
  v.object({ kind: v.literal("notice"), text: v.string() }),
  v.object({ kind: v.literal("done"), result: v.unknown() }),
  v.object({
    kind: v.literal("failed"),
    error: v.custom<ErrorData>(
      (value) => typeof value === "object" && value !== null && "code" in value && "message" in value,
    ),
  }),
]);

const maybeNumber = v.undefinedable(v.number());
const maybeBoolean = v.undefinedable(v.boolean());

const place = v.object({
  state: v.picklist(["online", "empty", "loading", "unknown"]),
  file: maybeNumber,
  block: maybeNumber,
  driveBlock: maybeNumber,
  beginning: v.boolean(),
  endOfTape: v.boolean(),
  endOfData: v.boolean(),
});

const report = v.object({
  ...place.entries,
  writeProtected: maybeBoolean,
  fixedBlockBytes: maybeNumber,
  densityCode: maybeNumber,
  compression: maybeBoolean,
  minBlockBytes: maybeNumber,
  maxBlockBytes: maybeNumber,
  cleaningAsked: maybeBoolean,
  alerts: v.undefinedable(v.array(v.number())),
  capacity: v.undefinedable(v.object({ remainingBytes: v.number(), maximumBytes: v.number() })),
});

const label = v.object({
  set: v.string(),
  name: v.string(),
  volume: v.number(),
  last: v.boolean(),
  offset: v.number(),
  bytes: v.number(),
  blockBytes: v.number(),
  segmentBytes: v.number(),
  file: v.optional(v.number()),
  block: v.optional(v.number()),
});

const survey = v.object({
  files: v.array(
    v.object({
      file: v.number(),
      block: maybeNumber,
      blockBytes: maybeNumber,
      kind: v.picklist(["data", "catalogue", "empty", "unreadable"]),
      is: v.string(),
      label: v.undefinedable(label),
      ended: v.boolean(),
    }),
  ),
  more: v.boolean(),
  endBlock: maybeNumber,
  writeProtected: v.boolean(),
});

const results: { [Kind in keyof TapeJobResults]: (data: unknown) => TapeJobResults[Kind] } = {
  report: (data) => v.parse(report, data),
  survey: (data) => v.parse(survey, data),
  move: (data) => v.parse(place, data),
};

/** @throws ValiError when the thread breaks the contract, which is a fault of this program */
export function parseThreadMessage(data: unknown): TapeThreadMessage {
  return v.parse(message, data);
}

/** What a job of this kind answers. @throws ValiError as {@link parseThreadMessage} */
export function parseTapeResult<Kind extends keyof TapeJobResults>(
  kind: Kind,
  data: unknown,
): TapeJobResults[Kind] {
  return results[kind](data);
}
