/** The main thread's side of writing a set of volumes: what the writer is told, and what is done with what it says and asks for. */
import { AceError } from "../../errors.ts";
import { formatLedgerLine } from "../../format/ledger.ts";
import type { OnNotice } from "../../pool/host/thread-contract.ts";
import type { SetOptions, SetWriterEvents } from "../../pool/media/writer.ts";
import type { RunContext } from "../../run/run.ts";
import type { VolumeLabel } from "../../tape/catalogue/catalogue.ts";
import type { Volume, VolumeProgress, VolumeStart, WantedVolume } from "../../tape/catalogue/volume.ts";
import type { WriteArchiveOptions } from "../media/medium-options.ts";
import { changeVolume } from "../media/volume-change.ts";
import type { ArchivePlan } from "../plan/archive-plan.ts";
import type { FrameMarks } from "../plan/frame-marks.ts";
import { SetState } from "../volumes/set-state.ts";
import { writeState } from "../volumes/state-file.ts";
import type { DiskWrites } from "./disk-writes.ts";
import type { LedgerQueue } from "./ledger-queue.ts";

export class SetControl implements SetWriterEvents {
  readonly writerOptions: SetOptions;
  readonly state: SetState;
  readonly #plan: ArchivePlan;
  readonly #options: WriteArchiveOptions;
  readonly #marks: FrameMarks | undefined;
  readonly #run: RunContext;
  readonly #phase: string;
  readonly #writes: DiskWrites;
  #queue: LedgerQueue | undefined;

  /**
   * @param marks the frames of a compressed archive; undefined for a plain one
   * @param writes in which the state takes its turn
   * @param wholeBefore see {@link SetState}
   */
  constructor(
    plan: ArchivePlan,
    options: WriteArchiveOptions,
    start: VolumeStart,
    marks: FrameMarks | undefined,
    writes: DiskWrites,
    run: RunContext,
    wholeBefore: readonly Volume[] = [],
  ) {
    this.#plan = plan;
    this.#options = options;
    this.#marks = marks;
    this.#run = run;
    this.#writes = writes;
    this.#phase = run.status.phase;
    const frameAt = (offset: number) => marks?.before(offset) ?? { plain: offset, packed: offset };
    this.state = new SetState(frameAt, wholeBefore);
    const { blockBytes, volumeBytes } = options;
    this.writerOptions = {
      start,
      name: plan.tag,
      isFile: options.medium !== "tape",
      verify: options.verify ?? false,
      // A volume ends with a whole block.
      volumeBytes: volumeBytes === undefined ? undefined : volumeBytes - (volumeBytes % blockBytes),
    };
  }

  /** Gives the queue of the checkpoint's lines, which asks {@link SetState.positionOf} itself. */
  writeLinesOf(queue: LedgerQueue): void {
    this.#queue = queue;
  }

  /** Figures for the progress. @param front how far the writing is */
  figures(front: number, underruns: number): { volume: number; underruns: number; used: number | undefined } {
    const { volume = this.writerOptions.start.volume, used } = this.state.figures(front);
    return { volume, underruns, used };
  }

  volume(opened: VolumeProgress): void {
    this.state.opened(opened);
    this.phase("");
  }

  durable(offset: number, progress: VolumeProgress | undefined): void {
    if (progress !== undefined) {
      this.state.durable(progress);
      this.#save();
    }
    this.#queue?.durable(offset);
  }

  closed(label: VolumeLabel): void {
    this.state.wholeVolume(label);
    this.#save();
  }

  phase(text: string): void {
    this.#run.status.phase = text === "" ? this.#phase : text;
  }

  notice: OnNotice = (level, text) => this.#run.ui.log(level, text);

  async change(wanted: WantedVolume): Promise<void> {
    const { destination, volumeChange, medium } = this.#options;
    const { volume, reason, message } = wanted;
    this.state.wanted(wanted);
    if (medium !== "tape" && volumeChange === undefined) {
      // The next file can be begun at once; when it cannot, nobody has anything to change.
      if (reason === "full") return;
      throw new AceError("medium", message);
    }
    this.phase(`waiting for volume ${volume}`);
    await changeVolume(
      { ...wanted, message: `${destination}: ${message}` },
      {
        device: destination,
        command: volumeChange,
        ask: () => `Put in a blank tape as volume ${volume}`,
        isTape: medium === "tape",
      },
      this.#run,
    );
  }

  /** The checkpoint's line of each entry that ends in a volume. */
  *lines({ offset, bytes }: VolumeLabel): Generator<string, void, undefined> {
    const onMedium = (end: number) => this.#marks?.onMedium(end) ?? end;
    for (let at = this.#plan.linesBefore((end) => onMedium(end) > offset); at < this.#plan.lines; at++) {
      const { descriptor, end } = this.#plan.lineAt(at);
      const safe = onMedium(end);
      if (safe > offset + bytes) return;
      yield `${formatLedgerLine({ descriptor, offset: safe, position: this.state.positionOf(safe) })}\n`;
    }
  }

  /** Tells whether the drive could run through. */
  notes(underruns: number): string[] {
    const { isFile, verify, start } = this.writerOptions;
    const { closed } = this.state;
    const volumes = closed === 1 ? "1 volume" : `${closed} volumes`;
    const set = `${volumes} of set ${start.set}${verify ? ", read back and compared" : ""}`;
    if (isFile) return [set];
    const streamed =
      underruns === 0
        ? "the drive streamed: the buffer never ran empty"
        : `the buffer ran empty ${underruns} ${underruns === 1 ? "time" : "times"}, and the drive had to wait: what comes in is slower than the drive, or the buffer too small for its pauses`;
    return [set, streamed];
  }

  /** Each state replaces the one before; only the newest of those that wait is written. */
  #save(): void {
    const { checkpoint, medium } = this.#options;
    const { point } = this.state;
    if (checkpoint === undefined || medium !== "tape" || point === undefined) return;
    this.#writes.add(() => (this.state.point === point ? writeState(checkpoint, point) : undefined));
  }
}
