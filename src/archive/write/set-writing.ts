/** What the writer of a set of volumes is told, and what is done with what it says: places for the checkpoint, state for the next run, media. */

import { AceError } from "../../errors.ts";
import type { LedgerPlace } from "../../format/ledger.ts";
import type { FrameMark } from "../../pool/frames/compressors.ts";
import type { OnNotice } from "../../pool/host/thread-contract.ts";
import type { OpenedVolume, SetWriterEvents, WrittenSet } from "../../pool/media/writer.ts";
import type { RunContext } from "../../run/run.ts";
import type { VolumeLabel } from "../../tape/catalogue/catalogue.ts";
import type { MediumChange, VolumeProgress } from "../../tape/volumes/write-volumes.ts";
import { ejectTape } from "../media/eject-tape.ts";
import type { WriteArchiveOptions } from "../media/medium-options.ts";
import { changeVolume } from "../media/volume-change.ts";
import type { ArchivePlan } from "../plan/archive-plan.ts";
import type { FrameMarks } from "../plan/frame-marks.ts";
import { catalogueLines } from "../volumes/catalogue-lines.ts";
import { formatToken } from "../volumes/resume-token.ts";
import type { SetBegin } from "../volumes/set-begin.ts";
import { VolumePlaces } from "../volumes/volume-places.ts";
import { stateAfter, stateClosed, type VolumeState, writeVolumeState } from "../volumes/volume-state.ts";
import type { LedgerQueue } from "./ledger-queue.ts";

export class SetWriting implements SetWriterEvents {
  readonly start: WrittenSet;
  readonly #plan: ArchivePlan;
  readonly #options: WriteArchiveOptions;
  readonly #marks: FrameMarks | undefined;
  readonly #run: RunContext;
  readonly #places = new VolumePlaces();
  readonly #phase: string;
  #queue: LedgerQueue | undefined;
  #opened: OpenedVolume | undefined;
  #state: VolumeState | undefined;
  #saving: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;
  /** The volume that was asked for last, as a token for the next run. */
  #wanted: string | undefined;
  #closed = 0;

  /** @param marks the frames of a compressed archive; undefined for a plain one */
  constructor(
    plan: ArchivePlan,
    options: WriteArchiveOptions,
    begin: SetBegin,
    marks: FrameMarks | undefined,
    run: RunContext,
  ) {
    this.#plan = plan;
    this.#options = options;
    this.#marks = marks;
    this.#run = run;
    this.#phase = run.status.phase;
    const { blockBytes, volumeBytes } = options;
    this.start = {
      ...begin,
      name: plan.tag,
      isFile: options.medium !== "tape",
      verify: options.verify ?? false,
      // A volume ends with a whole block.
      volumeBytes: volumeBytes === undefined ? undefined : volumeBytes - (volumeBytes % blockBytes),
    };
  }

  /** Where the medium's byte in front of an offset is, for the checkpoint. */
  placeOf = (offset: number): LedgerPlace | undefined => this.#places.placeOf(offset);

  /** Gives the queue of the checkpoint's lines, which asks {@link placeOf} itself. */
  writeLinesOf(queue: LedgerQueue): void {
    this.#queue = queue;
  }

  /** Figures for the progress. @param front how far the writing is */
  figures(front: number, underruns: number): { volume: number; underruns: number; used: number | undefined } {
    const { volume = this.start.volume, offset = 0, nativeBytes, earlierBytes = 0 } = this.#opened ?? {};
    const onTape = earlierBytes + Math.max(0, front - offset);
    const used = nativeBytes === undefined ? undefined : onTape / nativeBytes;
    return { volume, underruns, used };
  }

  volume(opened: OpenedVolume): void {
    this.#opened = opened;
    this.#wanted = undefined;
    this.phase("");
  }

  durable(offset: number, progress: VolumeProgress | undefined): void {
    if (progress !== undefined) {
      this.#places.add(progress);
      this.#save(stateAfter(offset, progress, this.#frameAt(offset)));
    }
    this.#queue?.durable(offset);
  }

  closed(label: VolumeLabel): void {
    this.#closed++;
    if (this.#state !== undefined)
      this.#save(stateClosed(this.#state, label, this.#frameAt(label.offset + label.bytes)));
  }

  phase(text: string): void {
    this.#run.status.phase = text === "" ? this.#phase : text;
  }

  notice: OnNotice = (level, text) => this.#run.ui.log(level, text);

  async change({ volume, reason, message, offset }: MediumChange): Promise<void> {
    const { destination, volumeChange, medium } = this.#options;
    const { set } = this.start;
    if (volume > 1) this.#wanted = formatToken(set, { volume, offset, frame: this.#frameAt(offset) });
    if (medium !== "tape" && volumeChange === undefined) {
      // The next file can be begun at once; when it cannot, nobody has anything to change.
      if (reason === "full") return;
      throw new AceError("medium", message);
    }
    this.phase(`waiting for volume ${volume}`);
    await changeVolume(
      { volume, set, reason, message: `${destination}: ${message}` },
      {
        device: destination,
        command: volumeChange,
        ask: () => `Put in a blank tape as volume ${volume}`,
        eject: medium === "tape" ? () => ejectTape(destination, this.#run) : undefined,
      },
      this.#run,
    );
  }

  lines(label: VolumeLabel): Iterable<string> {
    const onMedium = (offset: number) => this.#marks?.onMedium(offset) ?? offset;
    return catalogueLines(this.#plan, label, onMedium, this.placeOf);
  }

  /** Waits until the state is on the disk. @throws AceError `medium` when it could not be written */
  async settled(): Promise<void> {
    await this.#saving;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** With which the next run begins a fresh volume; undefined when it goes on in one. */
  get token(): string | undefined {
    return this.#wanted;
  }

  /** Tells whether the drive could run through. */
  notes(underruns: number): string[] {
    const volumes = this.#closed === 1 ? "1 volume" : `${this.#closed} volumes`;
    const set = `${volumes} of set ${this.start.set}${this.start.verify ? ", read back and compared" : ""}`;
    if (this.start.isFile) return [set];
    const streamed =
      underruns === 0
        ? "the drive streamed: the buffer never ran empty"
        : `the buffer ran empty ${underruns} ${underruns === 1 ? "time" : "times"}, and the drive had to wait: what comes in is slower than the drive, or the buffer too small for its pauses`;
    return [set, streamed];
  }

  #frameAt(offset: number): FrameMark {
    return this.#marks?.before(offset) ?? { plain: offset, packed: offset };
  }

  /** Each state replaces the one before; only the newest of those that wait is written. */
  #save(state: VolumeState | undefined): void {
    const { checkpoint, medium } = this.#options;
    if (checkpoint === undefined || medium !== "tape" || state === undefined) return;
    this.#state = state;
    this.#saving = this.#saving
      .then(() => (this.#state === state ? writeVolumeState(checkpoint, state) : undefined))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      });
  }
}
