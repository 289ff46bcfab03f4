/** The messages between the main thread and the threads that own a medium: the writer and the reader. */
import * as v from "valibot";
import type { ErrorData } from "../errors.ts";
import type { VolumeLabel } from "../tape/catalogue/catalogue.ts";
import type { MediumKind, MediumOptions } from "../tape/medium/medium.ts";
import type { SourceOptions } from "../tape/medium/read-source.ts";
import type { MissingVolume } from "../tape/volumes/read-volumes.ts";
import type { MediumChange, SetStart, VolumeProgress } from "../tape/volumes/write-volumes.ts";
import type { WindowHandle } from "../tape/window/window.ts";
import type { WriteLoopOptions, WriteLoopResult } from "../tape/window/write-loop.ts";

/** What starts a writer. */
export interface WriterStart {
  window: WindowHandle;
  medium: MediumOptions;
  /** The high-water mark is a part of the window, 0 to 1; undefined takes the medium's own: high for a tape, none elsewhere. */
  highWater: number | undefined;
  loop: Omit<WriteLoopOptions, "highWaterBytes" | "fullAt">;
  /** A file is read back when it is written. */
  verify?: boolean | undefined;
  /** Writes volumes with catalogues; undefined one stream to one medium. */
  set: WrittenSet | undefined;
}

/** How a set of volumes is written. */
export interface WrittenSet extends SetStart {
  /** Volumes are files beside each other. */
  isFile: boolean;
  /** Each volume is read back when it is written. */
  verify: boolean;
}

/** What the writer wants to know; it waits for the answer with the same number. */
export type WriterQuestion =
  | { kind: "change"; wanted: MediumChange }
  /** The next checkpoint lines of a volume, from the first one on when `isFirst`. */
  | { kind: "lines"; label: VolumeLabel; isFirst: boolean };

/** The answer to a thread: lines and whether they are the last ones, or an error. */
export interface ThreadAnswer {
  id: number;
  text: string;
  isLast: boolean;
  error: ErrorData | undefined;
}

/** A volume that is open for writing. */
export interface OpenedVolume {
  volume: number;
  /** Bytes of the archive in front of it. */
  offset: number;
  /** What such a cartridge holds without compression; undefined when that is not known. */
  nativeBytes: number | undefined;
  /** On the tape in front of it, when its blocks are like those of the volume: nobody knows better. */
  earlierBytes: number;
}

/** What a writer says. */
export type WriterMessage =
  | { kind: "open"; medium: MediumKind; volume?: OpenedVolume | undefined }
  | { kind: "notice"; level: "info" | "warn"; text: string }
  | { kind: "durable"; offset: number; progress?: VolumeProgress | undefined }
  | { kind: "closed"; label: VolumeLabel }
  | { kind: "phase"; phase: string }
  | { kind: "ask"; id: number; question: WriterQuestion }
  | { kind: "done"; result: WriteLoopResult }
  | { kind: "failed"; error: ErrorData; durable: number };

/** Says something to the main thread. */
export type SayOfWriter = (message: WriterMessage) => void;

/** What starts a reader. */
export interface ReaderStart extends SourceOptions {
  window: WindowHandle;
  /** Of a tape: one of its files, and no volumes behind it. */
  singleFile?: boolean | undefined;
  /** Tell the hash of each {@link segmentBytes} as it comes in. */
  tellSegments?: boolean | undefined;
}

/** What a reader says. */
export type ReaderMessage =
  | { kind: "ask"; id: number; wanted: MissingVolume }
  | { kind: "volume"; volume: number }
  | { kind: "segment"; sha256: string }
  | { kind: "ended"; at: number; compression: "gzip" | "zstd" | "none" }
  | { kind: "failed"; error: ErrorData };

const errorData = v.custom<ErrorData>(
  (value) => typeof value === "object" && value !== null && "code" in value && "message" in value,
);

/** Both sides of a thread are the same program: what it says of volumes is only told from other messages here. */
const plainData = <Shape>(...keys: readonly string[]) =>
  v.custom<Shape>(
    (value) => typeof value === "object" && value !== null && keys.every((key) => key in value),
  );

const writerMessage = v.variant("kind", [
  v.object({
    kind: v.literal("open"),
    medium: v.picklist(["file", "stream", "device", "tape"]),
    volume: v.optional(plainData<OpenedVolume>("volume", "offset")),
  }),
  v.object({ kind: v.literal("notice"), level: v.picklist(["info", "warn"]), text: v.string() }),
  v.object({
    kind: v.literal("durable"),
    offset: v.number(),
    progress: v.optional(plainData<VolumeProgress>("volume", "offset", "segments", "open")),
  }),
  v.object({ kind: v.literal("closed"), label: plainData<VolumeLabel>("volume", "offset", "bytes") }),
  v.object({ kind: v.literal("phase"), phase: v.string() }),
  v.object({ kind: v.literal("ask"), id: v.number(), question: plainData<WriterQuestion>("kind") }),
  v.object({
    kind: v.literal("done"),
    result: v.object({
      written: v.number(),
      durable: v.number(),
      whole: v.boolean(),
      full: v.boolean(),
      underruns: v.number(),
    }),
  }),
  v.object({ kind: v.literal("failed"), error: errorData, durable: v.number() }),
]);

const readerMessage = v.variant("kind", [
  v.object({ kind: v.literal("ask"), id: v.number(), wanted: plainData<MissingVolume>("volume", "reason") }),
  v.object({ kind: v.literal("volume"), volume: v.number() }),
  v.object({ kind: v.literal("segment"), sha256: v.string() }),
  v.object({ kind: v.literal("ended"), at: v.number(), compression: v.picklist(["gzip", "zstd", "none"]) }),
  v.object({ kind: v.literal("failed"), error: errorData }),
]);

/** @throws ValiError when a thread breaks the contract, which is a fault of this program */
export function parseWriterMessage(message: unknown): WriterMessage {
  return v.parse(writerMessage, message);
}

const threadAnswer = v.object({
  id: v.number(),
  text: v.string(),
  isLast: v.boolean(),
  error: v.optional(errorData),
});

/** @throws ValiError when a thread breaks the contract, which is a fault of this program */
export function parseThreadAnswer(message: unknown): ThreadAnswer {
  const { error, ...rest } = v.parse(threadAnswer, message);
  return { ...rest, error };
}

/** @throws ValiError when a thread breaks the contract, which is a fault of this program */
export function parseReaderMessage(message: unknown): ReaderMessage {
  return v.parse(readerMessage, message);
}
