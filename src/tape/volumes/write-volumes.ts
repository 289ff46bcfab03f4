/** Writes an archive as a set of volumes: each as much as its medium takes, then its catalogue, then the next medium. */
import { AceError } from "../../errors.ts";
import type { VolumeLabel } from "../catalogue/catalogue.ts";
import { afterFailure } from "../medium/after-failure.ts";
import type { VolumeMedium } from "../medium/medium.ts";
import type { Window } from "../window/window.ts";
import { runWriteLoop, type WriteLoopOptions, type WriteLoopResult } from "../window/write-loop.ts";
import type { OpenVolume, VolumeOpening } from "./open-volume.ts";
import { writeCatalogue } from "./write-catalogue.ts";

/** Why another medium is wanted. `full`: the one before has no more room; `wrong`: what is there cannot be written to. */
export type ChangeReason = "full" | "wrong";

/** Asks for the medium of a volume. */
export interface MediumChange {
  volume: number;
  reason: ChangeReason;
  /** What there is to say of the medium before, or of the one that is there. */
  message: string;
  /** Where the volume begins in the archive. */
  offset: number;
}

/** How far a volume is, all of it on the medium. */
export interface VolumeProgress {
  set: string;
  volume: number;
  /** Bytes of the archive in front of the volume. */
  offset: number;
  blockBytes: number;
  segmentBytes: number;
  /** On a tape. */
  file: number | undefined;
  block: number | undefined;
  tapeBlockBytes: number | undefined;
  /** Hashes of its whole segments, and of what follows them. */
  segments: readonly string[];
  open: string;
  /** Its medium takes no more data: only its catalogue is still to be written. */
  isAtEnd: boolean;
}

/** The set, and where in it this run begins. */
export interface SetStart extends VolumeOpening {
  name: string;
  /** Said of the medium that is there, when it is known to be none for the first volume; undefined tries it. */
  change?: { reason: ChangeReason; message: string } | undefined;
  /** Where writing goes on: the window may begin in front of it, with what is on the media already. */
  at: number;
  /** Bytes of a volume at most, whatever the medium takes; a whole number of blocks. */
  volumeBytes?: number | undefined;
}

/** What writing volumes needs of the outside. */
export interface VolumeDesk {
  /** @throws AceError `medium` when what is there cannot be written to */
  open(opening: VolumeOpening, isFirst: boolean): OpenVolume;
  /** Resolves when another medium may be there. @throws AceError when there is none to be had */
  change(wanted: MediumChange): Promise<void>;
  /** The checkpoint's lines of what ends in the volume, in pieces of any size. */
  lines(label: VolumeLabel): AsyncIterable<string>;
  /** Reads a volume back, closed by then. @throws AceError when it is not what was written */
  verify?(label: VolumeLabel, segments: readonly string[]): void;
}

/** What is told while it goes on. */
export interface SetEvents {
  /** A volume is open. */
  opened(medium: VolumeMedium, opening: VolumeOpening): void;
  /** Everything in front of `offset` is on the media. */
  durable(offset: number, progress: VolumeProgress): void;
  /** A volume is closed, catalogue and all. */
  closed(label: VolumeLabel): void;
}

/** A medium is asked for so often before it is given up: a changer that always brings the same tape would never end. */
const mostRefusals = 5;

/**
 * Drains the window until it ends or is aborted.
 * @throws AceError `medium`; what {@link VolumeDesk.change} throws
 */
export async function writeVolumes(
  window: Window,
  start: SetStart,
  options: WriteLoopOptions,
  desk: VolumeDesk,
  events: SetEvents,
): Promise<WriteLoopResult> {
  return new SetWriting(window, start, options, desk, events).run();
}

class SetWriting {
  readonly #window: Window;
  readonly #start: SetStart;
  readonly #options: WriteLoopOptions;
  readonly #desk: VolumeDesk;
  readonly #events: SetEvents;
  #opening: VolumeOpening;
  #isFirst = true;

  constructor(
    window: Window,
    start: SetStart,
    options: WriteLoopOptions,
    desk: VolumeDesk,
    events: SetEvents,
  ) {
    this.#window = window;
    this.#start = start;
    this.#options = options;
    this.#desk = desk;
    this.#events = events;
    const { set, volume, offset, written, kept } = start;
    this.#opening = { set, volume, offset, written, kept };
  }

  async run(): Promise<WriteLoopResult> {
    let underruns = 0;
    let change = this.#start.change;
    for (;;) {
      const open = await this.#openVolume(change);
      passOver(this.#window, this.#start.at);
      const result = this.#drain(open);
      underruns += result.underruns;
      const { set, volume, offset } = this.#opening;
      if (!result.whole && !result.full) {
        open.medium.abandon(result.written);
        return { ...result, underruns };
      }
      if (result.full && result.written === offset) {
        open.medium.abandon(0);
        change = { reason: "wrong", message: "there is no room for a single block on it" };
        continue;
      }
      await this.#close(open, result);
      if (result.whole) return { ...result, underruns };
      change = {
        reason: "full",
        message: `volume ${volume} is full, and ends at byte ${result.written} of the archive`,
      };
      this.#opening = { set, volume: volume + 1, offset: result.written };
      this.#isFirst = false;
    }
  }

  /** Opens the medium of the volume; asks for another as often as need be. */
  async #openVolume(change: SetStart["change"]): Promise<OpenVolume> {
    let wanted = change;
    const { volume, offset, written } = this.#opening;
    // When nothing of a set is written yet, a medium that cannot be used is a mistake of the command line.
    const isBegun = volume > 1 || written !== undefined;
    for (let refusals = 0; ; refusals++) {
      if (wanted !== undefined) await this.#desk.change({ volume, offset, ...wanted });
      this.#window.throwIfAborted();
      try {
        const open = this.#desk.open(this.#opening, this.#isFirst);
        this.#events.opened(open.medium, this.#opening);
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
    const { volumeBytes } = this.#start;
    const fullAt = volumeBytes === undefined ? undefined : this.#opening.offset + volumeBytes;
    try {
      return runWriteLoop(
        this.#window,
        open.medium,
        { ...this.#options, fullAt, flushesFirst: open.medium.kind === "tape" },
        {
          durable: (offset) => this.#events.durable(offset, this.#progress(open)),
          written: (bytes) => open.hasher.update(bytes),
        },
      );
    } catch (error) {
      // What was written before may still be brought onto the medium, unless nobody knows where it stands.
      afterFailure(
        () => {
          open.medium.flush();
          this.#events.durable(this.#window.front, this.#progress(open));
        },
        () => open.medium.abandon(this.#window.front),
      );
      throw error;
    }
  }

  #progress({ medium, hasher }: OpenVolume): VolumeProgress {
    const { set, volume, offset } = this.#opening;
    const { place, blockBytes } = medium;
    return {
      ...{ set, volume, offset, blockBytes, segmentBytes: hasher.segmentBytes },
      ...{ file: place?.file, block: place?.block, tapeBlockBytes: place?.tapeBlockBytes },
      ...{ segments: hasher.done, open: hasher.open, isAtEnd: medium.isAtEnd },
    };
  }

  async #close(open: OpenVolume, { written, whole }: WriteLoopResult): Promise<void> {
    const { medium, hasher } = open;
    const { set, volume, offset } = this.#opening;
    const label: VolumeLabel = {
      ...{ set, name: this.#start.name, volume, last: whole, offset, bytes: written - offset },
      ...{ blockBytes: medium.blockBytes, segmentBytes: hasher.segmentBytes },
      ...{ file: medium.place?.file, block: medium.place?.block },
    };
    const segments = hasher.all();
    try {
      medium.endData();
      this.#events.durable(written, this.#progress(open));
      await writeCatalogue(medium, { label, segments }, () => this.#desk.lines(label));
      medium.finish();
    } catch (error) {
      afterFailure(() => medium.abandon(written));
      throw error;
    }
    this.#events.closed(label);
    this.#desk.verify?.(label, segments);
  }
}

/** Nothing is lost by looking again. */
const longestWaitMs = 500;

/**
 * Drains the window in front of an offset to nowhere: frames are packed from their beginning on, also when a part is written.
 * @throws AceError `stopped`
 */
function passOver(window: Window, to: number): void {
  while (window.front < to) {
    window.throwIfAborted();
    const seen = window.progressSignal;
    const ready = Math.min(window.scan(), to);
    if (ready > window.front) {
      window.moveFront(ready);
      window.announceFront();
    } else window.blockForProgress(seen, longestWaitMs);
  }
}
