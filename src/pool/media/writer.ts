/** The main thread's side of the writer. */
import type { VolumeLabel } from "../../tape/catalogue/catalogue.ts";
import type { VolumeChanger, VolumeProgress, WantedVolume } from "../../tape/catalogue/volume.ts";
import type { MediumKind, MediumOptions } from "../../tape/medium/medium.ts";
import type { SetToWrite } from "../../tape/volumes/write-volumes.ts";
import type { WindowHandle } from "../../tape/window/window.ts";
import type { WriteLoopOptions, WriteLoopResult } from "../../tape/window/write-loop.ts";
import { runThread } from "../host/run-thread.ts";
import type { OnNotice } from "../host/thread-contract.ts";

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
  set: SetOptions | undefined;
}

/** How a set of volumes is written. */
export interface SetOptions extends SetToWrite {
  /** Volumes are files beside each other. */
  isFile: boolean;
  /** Each volume is read back when it is written. */
  verify: boolean;
}

/** The thread that writes, or each volume of a set in turn. */
export interface WriterThread {
  start: WriterStart;
  tells:
    | { kind: "open"; medium: MediumKind; volume?: VolumeProgress | undefined }
    | { kind: "durable"; offset: number; progress?: VolumeProgress | undefined }
    | { kind: "closed"; label: VolumeLabel }
    | { kind: "phase"; phase: string };
  asks: {
    change: { question: WantedVolume; answer: undefined };
    /** The next checkpoint lines of a volume, from the first one on when `isFirst`. */
    lines: { question: { label: VolumeLabel; isFirst: boolean }; answer: { text: string; isLast: boolean } };
  };
  result: WriteLoopResult;
}

/** A writer that runs. */
export interface Writer {
  /** Resolves when the (first) medium is open. */
  opened: Promise<MediumKind>;
  /** Resolves when the writer has ended; rejects with AceError `medium` when the medium failed. */
  done: Promise<WriteLoopResult>;
  /** Bytes known to be on the medium so far. */
  durable(): number;
}

/** Whom the writer speaks to. */
export interface WriterEvents {
  /** Everything in front of `offset` is safe. */
  durable?(offset: number, progress: VolumeProgress | undefined): void;
  /** What there is to say of the medium, and that it is waited for. */
  notice?: OnNotice;
  /** What it is at; empty when it is at writing again. */
  phase?(text: string): void;
}

/** What a writer of volumes asks for besides. */
export interface SetWriterEvents extends WriterEvents, VolumeChanger {
  /** A volume is open. */
  volume(opened: VolumeProgress): void;
  /** A volume is whole, with its catalogue. */
  closed(label: VolumeLabel): void;
  /** The checkpoint's lines for a volume's catalogue, each with its newline. */
  lines(label: VolumeLabel): Iterable<string>;
}

/** Characters of lines that cross to the thread at a time. */
const linesAtATime = 256 * 1024;

/** Starts the writer's thread. @param events with those of a {@link SetWriterEvents} when it writes volumes */
export function startWriter(start: WriterStart, events: WriterEvents | SetWriterEvents): Writer {
  const set = "change" in events ? events : undefined;
  const opened = Promise.withResolvers<MediumKind>();
  // Whoever cares awaits it.
  opened.promise.catch(() => undefined);
  let durable = 0;
  let lines: Iterator<string> = [].values();
  const done = runThread<WriterThread>("writer", start, {
    act: "write",
    notice: events.notice,
    tell: (event) => {
      switch (event.kind) {
        case "open":
          opened.resolve(event.medium);
          if (event.volume !== undefined) set?.volume(event.volume);
          return;
        case "durable":
          if (event.offset <= durable && event.progress === undefined) return;
          durable = Math.max(durable, event.offset);
          return events.durable?.(event.offset, event.progress);
        case "closed":
          return set?.closed(event.label);
        case "phase":
          return events.phase?.(event.phase);
      }
    },
    answers: {
      change: async (wanted) => {
        await set?.change(wanted);
        return undefined;
      },
      lines: ({ label, isFirst }) => {
        if (isFirst) lines = (set?.lines(label) ?? [])[Symbol.iterator]();
        return takeLines(lines);
      },
    },
  });
  done.catch(opened.reject);
  return { opened: opened.promise, done, durable: () => durable };
}

function takeLines(lines: Iterator<string>): WriterThread["asks"]["lines"]["answer"] {
  let text = "";
  while (text.length < linesAtATime) {
    const next = lines.next();
    if (next.done === true) return { text, isLast: true };
    text += next.value;
  }
  return { text, isLast: false };
}
