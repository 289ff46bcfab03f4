/** The main thread's side of the reader. */
import { AceError } from "../../errors.ts";
import type { Compression } from "../../format/decompress.ts";
import type { VolumeChanger, WantedVolume } from "../../tape/catalogue/volume.ts";
import type { SourceOptions } from "../../tape/medium/read-source.ts";
import type { WindowHandle } from "../../tape/window/window.ts";
import { runThread } from "../host/run-thread.ts";

/** What starts a reader. */
export interface ReaderStart extends SourceOptions {
  window: WindowHandle;
  /** Of a tape: one of its files, and no volumes behind it. */
  singleFile?: boolean | undefined;
  /** Tell the hash of each {@link segmentBytes} as it comes in. */
  tellSegments?: boolean | undefined;
}

/** The thread that reads a stream, unpacked, into a window. */
export interface ReaderThread {
  start: ReaderStart;
  tells: { kind: "volume"; volume: number } | { kind: "segment"; sha256: string };
  asks: { change: { question: WantedVolume; answer: undefined } };
  /** How it was packed, and how long the stream is. */
  result: { compression: Compression; at: number };
}

/** Whom the reader speaks to. */
export interface ReaderEvents {
  change?: VolumeChanger["change"];
  /** A volume is being read. */
  volume?(volume: number): void;
  /** The hash of the next segment, told before its last byte can be seen in the window. */
  segment?(sha256: string): void;
}

/** Starts the reader's thread. The promise resolves when all of the stream has been in the window. */
export function startReader(start: ReaderStart, events: ReaderEvents): Promise<ReaderThread["result"]> {
  return runThread<ReaderThread>("reader", start, {
    act: "read",
    tell: (event) => {
      if (event.kind === "volume") events.volume?.(event.volume);
      else events.segment?.(event.sha256);
    },
    answers: {
      change: async (wanted) => {
        if (events.change === undefined) {
          const { message, volume } = wanted;
          throw new AceError("medium", `Cannot go on: ${message}, and volume ${volume} is wanted`);
        }
        await events.change(wanted);
        return undefined;
      },
    },
  });
}
