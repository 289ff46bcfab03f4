/** The messages between the main thread and the threads that own a medium: the writer and the reader. */
import * as v from "valibot";
import type { ErrorData } from "../errors.ts";
import type { MediumKind, MediumOptions } from "../tape/medium.ts";
import type { SourceOptions } from "../tape/read-source.ts";
import type { WindowHandle } from "../tape/window.ts";
import type { WriteLoopOptions, WriteLoopResult } from "../tape/write-loop.ts";

/** What starts a writer. */
export interface WriterStart {
  window: WindowHandle;
  medium: MediumOptions;
  /** The high-water mark is a part of the window, 0 to 1; undefined takes the medium's own: high for a tape, none elsewhere. */
  highWater: number | undefined;
  loop: Omit<WriteLoopOptions, "highWaterBytes">;
}

/** What a writer says. */
export type WriterMessage =
  | { kind: "open"; medium: MediumKind }
  | { kind: "notice"; level: "info" | "warn"; text: string }
  | { kind: "durable"; offset: number }
  | { kind: "done"; result: WriteLoopResult }
  | { kind: "failed"; error: ErrorData; durable: number };

/** What starts a reader. */
export interface ReaderStart extends SourceOptions {
  window: WindowHandle;
}

/** What a reader says. */
export type ReaderMessage =
  | { kind: "ended"; at: number; compression: "gzip" | "zstd" | "none" }
  | { kind: "failed"; error: ErrorData };

const errorData = v.custom<ErrorData>(
  (value) => typeof value === "object" && value !== null && "code" in value && "message" in value,
);

const writerMessage = v.variant("kind", [
  v.object({ kind: v.literal("open"), medium: v.picklist(["file", "stream", "device", "tape"]) }),
  v.object({ kind: v.literal("notice"), level: v.picklist(["info", "warn"]), text: v.string() }),
  v.object({ kind: v.literal("durable"), offset: v.number() }),
  v.object({
    kind: v.literal("done"),
    result: v.object({ written: v.number(), durable: v.number(), whole: v.boolean(), underruns: v.number() }),
  }),
  v.object({ kind: v.literal("failed"), error: errorData, durable: v.number() }),
]);

const readerMessage = v.variant("kind", [
  v.object({ kind: v.literal("ended"), at: v.number(), compression: v.picklist(["gzip", "zstd", "none"]) }),
  v.object({ kind: v.literal("failed"), error: errorData }),
]);

/** @throws ValiError when a thread breaks the contract, which is a fault of this program */
export function parseWriterMessage(message: unknown): WriterMessage {
  return v.parse(writerMessage, message);
}

/** @throws ValiError when a thread breaks the contract, which is a fault of this program */
export function parseReaderMessage(message: unknown): ReaderMessage {
  return v.parse(readerMessage, message);
}
