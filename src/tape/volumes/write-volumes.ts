/** Writes an archive as a set of volumes: each as much as its medium takes, then its catalogue, then the next medium. */

import { AceError } from "../../errors.ts";
import { longestWaitMs } from "../../system/system-calls.ts";
import type { VolumeLabel } from "../catalogue/catalogue.ts";
import {
  mostRefusals,
  type VolumeChanger,
  type VolumeProgress,
  type VolumeStart,
} from "../catalogue/volume.ts";
import { afterFailure } from "../medium/after-failure.ts";
import type { OutgoingWindow } from "../window/outgoing-window.ts";
import { runWriteLoop, type WriteLoopOptions, type WriteLoopResult } from "../window/write-loop.ts";
import type { OpenVolume } from "./open-volume.ts";
import { writeCatalogue } from "./write-catalogue.ts";

/** A set that is to be written, and where in it a run begins. */
export interface SetToWrite {
  /** What the archive is called, for people. */
  name: string;
  start: VolumeStart;
  /** Bytes of a volume at most, whatever the medium takes; a whole number of blocks. */
  volumeBytes?: number | undefined;
}

/** The media of a set, one after the other. */
export interface SetMedia extends VolumeChanger {
  /** @throws AceError `medium` when what is there cannot be written to */
  open(start: VolumeStart, isFirst: boolean): OpenVolume;
  /** Reads a volume back, closed by then. @throws AceError when it is not what was written */
  verify?(label: VolumeLabel, segments: readonly string[]): void;
}

/** What is told of a set while it is written, and asked. */
export interface SetEvents {
  /** A volume is open. */
  opened(progress: VolumeProgress): void;
  /** More of it is on the medium. */
  durable(progress: VolumeProgress): void;
  /** A volume is closed, catalogue and all. */
  closed(label: VolumeLabel): void;
  /** The checkpoint's lines of what ends in the volume, in pieces of any size. */
  lines(label: VolumeLabel): AsyncIterable<string>;
}

/**
 * Drains the window until it ends or is aborted.
 * @throws AceError `medium`; what the changer throws
 */
export async function writeVolumes(
  window: OutgoingWindow,
  set: SetToWrite,
  options: WriteLoopOptions,
  media: SetMedia,
  events: SetEvents,
): Promise<WriteLoopResult> {
  return new SetWriting(window, set, options, media, events).run();
}

class SetWriting {
  readonly #window: OutgoingWindow;
  readonly #set: SetToWrite;
  readonly #options: WriteLoopOptions;
  readonly #media: SetMedia;
  readonly #events: SetEvents;
  /** Of the volume at hand. */
  #start: VolumeStart;
  #isFirst = true;

  constructor(
    window: OutgoingWindow,
    set: SetToWrite,
    options: WriteLoopOptions,
    media: SetMedia,
    events: SetEvents,
  ) {
    this.#window = window;
    this.#set = set;
    this.#options = options;
    this.#media = media;
    this.#events = events;
    this.#start = set.start;
  }

  async run(): Promise<WriteLoopResult> {
    let underruns = 0;
    for (;;) {
      const open = await this.#openVolume();
      passOver(this.#window, this.#start.at);
      const result = this.#drain(open);
      underruns += result.underruns;
      const { set, volume, offset } = this.#start;
      if (!result.whole && !result.full) {
        open.medium.abandon(result.written);
        return { ...result, underruns };
      }
      if (result.full && result.written === offset) {
        open.medium.abandon(0);
        const message = "there is no room for a single block on it";
        this.#start = { ...this.#start, change: { reason: "wrong", message } };
        continue;
      }
      await this.#close(open, result);
      if (result.whole) return { ...result, underruns };
      const at = result.written;
      const message = `volume ${volume} is full, and ends at byte ${at} of the archive`;
      this.#start = { set, volume: volume + 1, offset: at, at, change: { reason: "full", message } };
      this.#isFirst = false;
    }
  }

  /** Opens the medium of the volume; asks for another as often as need be. */
  async #openVolume(): Promise<OpenVolume> {
    const { set, volume, offset, written, change } = this.#start;
    let wanted = change;
    // When nothing of a set is written yet, a medium that cannot be used is a mistake of the command line.
    const isBegun = volume > 1 || written !== undefined;
    for (let refusals = 0; ; refusals++) {
      if (wanted !== undefined) await this.#media.change({ set, volume, offset, ...wanted });
      this.#window.throwIfAborted();
      try {
        const open = this.#media.open(this.#start, this.#isFirst);
        this.#events.opened(this.#progress(open, this.#start.at));
        return open;
      } catch (error) {
        if ((wanted === undefined && !isBegun) || refusals === mostRefusals) throw error;
        if (!(error instanceof AceError) || error.code !== "medium") throw error;
        const hint = typeof error.hint === "string" ? `. ${error.hint.replace(/\.$/, "")}` : "";
        wanted = { reason: "wrong", message: `${error.message}${hint}` };
      }
    }
  }

  #drain(open: OpenVolume): WriteLoopResult {
    const { volumeBytes } = this.#set;
    const fullAt = volumeBytes === undefined ? undefined : this.#start.offset + volumeBytes;
    const durable = (at: number) => this.#events.durable(this.#progress(open, at));
    try {
      return runWriteLoop(
        this.#window,
        open.medium,
        { ...this.#options, fullAt, flushesFirst: open.medium.kind === "tape" },
        { durable, written: (bytes) => open.hasher.update(bytes) },
      );
    } catch (error) {
      // What was written before may still be brought onto the medium, unless nobody knows where it stands.
      afterFailure(
        () => {
          open.medium.flush();
          durable(this.#window.drained);
        },
        () => open.medium.abandon(this.#window.drained),
      );
      throw error;
    }
  }

  #progress({ medium, hasher }: OpenVolume, at: number): VolumeProgress {
    const { set, volume, offset } = this.#start;
    const { start, blockBytes, isAtEnd } = medium;
    const { segmentBytes, done: segments, open } = hasher;
    return { set, volume, offset, at, ...start, blockBytes, segmentBytes, segments, open, isAtEnd };
  }

  async #close({ medium, hasher }: OpenVolume, { written, whole }: WriteLoopResult): Promise<void> {
    const { set, volume, offset } = this.#start;
    const { file, block } = medium.start;
    const label: VolumeLabel = {
      ...{ set, name: this.#set.name, volume, last: whole, offset, bytes: written - offset },
      ...{ blockBytes: medium.blockBytes, segmentBytes: hasher.segmentBytes, file, block },
    };
    const segments = hasher.all();
    try {
      medium.endData();
      this.#events.durable(this.#progress({ medium, hasher }, written));
      await writeCatalogue(medium, { label, segments }, () => this.#events.lines(label));
      medium.finish();
    } catch (error) {
      afterFailure(() => medium.abandon(written));
      throw error;
    }
    this.#events.closed(label);
    this.#media.verify?.(label, segments);
  }
}

/**
 * Drains the window in front of an offset to nowhere: frames are packed from their beginning on, also when a part is written.
 * @throws AceError `stopped`
 */
function passOver(window: OutgoingWindow, to: number): void {
  while (window.drained < to) {
    window.throwIfAborted();
    const seen = window.progressSignal;
    const ready = Math.min(window.filled(), to);
    if (ready > window.drained) {
      window.drain(ready);
      window.announceDrained();
    } else window.blockForProgress(seen, longestWaitMs);
  }
}
