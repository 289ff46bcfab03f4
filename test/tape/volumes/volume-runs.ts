/** Writes an archive onto modelled cartridges, run after run, as the writer's thread and the checkpoint do; runs can be killed. */
import { type SetPoint, SetState } from "../../../src/archive/volumes/set-state.ts";
import type { VolumeLabel } from "../../../src/tape/catalogue/catalogue.ts";
import { SegmentHasher } from "../../../src/tape/catalogue/segment-hasher.ts";
import type { VolumeStart } from "../../../src/tape/catalogue/volume.ts";
import type {
  DriveFacts,
  TapeDevice,
  TapeOperation,
  TapeStatus,
} from "../../../src/tape/drive/tape-device.ts";
import { prepareTape } from "../../../src/tape/medium/prepare-tape.ts";
import { resumeTape } from "../../../src/tape/medium/resume-tape.ts";
import type { OpenVolume } from "../../../src/tape/volumes/open-volume.ts";
import { verifyDevice } from "../../../src/tape/volumes/verify-volume.ts";
import { writeVolumes } from "../../../src/tape/volumes/write-volumes.ts";
import { OutgoingWindow } from "../../../src/tape/window/outgoing-window.ts";
import { DriveModel, type DriveModelOptions } from "../../support/drive-model.ts";
import type { Cartridge } from "../../support/tape-vm/cartridge.ts";

export const blockBytes = 8 * 1024;
/** Segments begin inside of blocks. */
export const segmentBytes = 20 * 1024;
export const set = "0123456789abcdef";

/** What goes wrong in a run. */
export interface Trouble {
  /** The process dies at this call to the drive, of all calls from the run's first one on. */
  killAtCall?: number;
  /** The run is told to stop at this call, as by Ctrl-C, and ends as it should. */
  stopAtCall?: number;
  /** What the drive had not brought onto the tape is lost with it: so much of it stays, 0 to 1. */
  powerLoss?: number;
  /** This call, of writes and operations on the first cartridge of the run, fails with EIO, perhaps after a reset. */
  failure?: { call: number; rewinds?: boolean };
  /** The changer brings the cartridge before once more. */
  bringsOldTape?: boolean;
}

/** A drive whose process can be killed at any call. */
class MortalDrive implements TapeDevice {
  /** Items on the tape at the last flush. */
  flushed: number;

  constructor(
    readonly model: DriveModel,
    readonly life: { left: number; untilStop: number; stop(): void },
  ) {
    this.flushed = model.tape.items.length;
  }

  #live(): void {
    if (this.life.untilStop-- === 0) this.life.stop();
    if (this.life.left-- <= 0) throw new Error("killed");
  }
  write(block: Uint8Array): number {
    this.#live();
    this.flushed = Math.min(this.flushed, this.model.at);
    return this.model.write(block);
  }
  read(into: Uint8Array): number {
    this.#live();
    return this.model.read(into);
  }
  operate(operation: TapeOperation, count: number): void {
    this.#live();
    this.model.operate(operation, count);
    if (operation === "filemarks") this.flushed = this.model.at;
  }
  status(): TapeStatus {
    this.#live();
    return this.model.status();
  }
  finishWrites(): boolean {
    this.#live();
    return this.model.finishWrites();
  }
  position(): number | undefined {
    this.#live();
    return this.model.position();
  }
  facts(): DriveFacts {
    return this.model.facts();
  }
  capacity(): undefined {
    return undefined;
  }
  carries(bytes: number): boolean {
    return this.model.carries(bytes);
  }
  close(): void {
    this.#live();
    this.model.close();
  }
}

/** How the runs of a set are. */
export interface RunsOptions {
  archive: Uint8Array;
  drive: Partial<DriveModelOptions>;
  flushEveryBytes: number;
  volumeBytes?: number;
  /** Makes a cartridge. */
  blank(): Cartridge;
  /** The checkpoint's lines, by volume. */
  lines?: (label: VolumeLabel) => string[];
  verify?: boolean;
}

/** One set, over as many runs as it takes. */
export class VolumeRuns {
  /** The cartridge of each volume. */
  readonly cartridges: Cartridge[] = [];
  readonly #options: RunsOptions;
  state: SetPoint | undefined;
  /** Media that were asked for. */
  changes = 0;

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  /** @returns true when the set is whole; false when the run ended early */
  async run(trouble: Trouble = {}): Promise<boolean> {
    if (this.state?.last === true) return true;
    const start = this.#start();
    const window = this.#window(start);
    const life = {
      left: trouble.killAtCall ?? Number.POSITIVE_INFINITY,
      untilStop: trouble.stopAtCall ?? Number.POSITIVE_INFINITY,
      stop: () => window.abort(),
    };
    const set = new SetState((offset) => ({ plain: offset, packed: offset }));
    let bringsOld = trouble.bringsOldTape === true;
    let drive: MortalDrive | undefined;
    let failure = trouble.failure;
    const load = (cartridge: Cartridge) => {
      const model = new DriveModel(this.#options.drive, cartridge);
      // Where the tape stands after whatever happened before, nobody knows.
      model.at = cartridge.items.length;
      model.failure = failure;
      failure = undefined;
      drive = new MortalDrive(model, life);
      return drive;
    };
    try {
      const result = await writeVolumes(
        window,
        { name: "sync", start, volumeBytes: this.#options.volumeBytes },
        { blockBytes, highWaterBytes: 0, flushEveryBytes: this.#options.flushEveryBytes },
        {
          open: (wanted, isFirst) => this.#open(load(this.#cartridge(wanted)), wanted, isFirst),
          change: async ({ volume }) => {
            this.changes++;
            if (bringsOld && volume > 1) this.#next = this.cartridges[volume - 2];
            bringsOld = false;
          },
          ...(this.#options.verify === true ? { verify: this.#verify } : {}),
        },
        {
          opened: (progress) => set.opened(progress),
          durable: (progress) => {
            // As it crosses from thread to thread.
            set.durable(structuredClone(progress));
            this.#save(set);
          },
          closed: (label) => {
            set.wholeVolume(label);
            this.#save(set);
          },
          lines: (label) => linesOf(this.#options.lines?.(label) ?? [`{"line":${label.volume}}\n`]),
        },
      );
      return result.whole;
    } catch (error) {
      this.failure = error;
      if (drive !== undefined) this.#endOf(drive, trouble);
      return false;
    } finally {
      window.giveBack();
    }
  }

  /** What the last run ended with. */
  failure: unknown;
  /** The changer's next cartridge, when it is not the one that is wanted. */
  #next: Cartridge | undefined;

  /** The kernel closes what the process had open; a power failure takes what was not flushed. */
  #endOf(drive: MortalDrive, { killAtCall, powerLoss }: Trouble): void {
    if (killAtCall === undefined || drive.life.left >= 0) return;
    const { tape } = drive.model;
    if (powerLoss === undefined) {
      if (!drive.model.isClosed) drive.model.close();
      return;
    }
    const unsafe = Math.max(0, tape.items.length - drive.flushed);
    tape.cut(drive.flushed + Math.floor(unsafe * powerLoss));
  }

  /** A state goes over the disk, and so does what is read of it. */
  #save({ point }: SetState): void {
    if (point !== undefined) this.state = JSON.parse(JSON.stringify(point));
  }

  #start(): VolumeStart {
    if (this.state === undefined) return { set, volume: 1, offset: 0, at: 0 };
    const { volume: written, whole } = this.state;
    const { volume, offset, at, block = 0 } = written;
    if (whole) return { set, volume: volume + 1, offset: at, at };
    return { set, volume, offset, at, written: { ...written, block } };
  }

  #window(start: VolumeStart): OutgoingWindow {
    const { archive } = this.#options;
    const capacity = Math.ceil(Math.max(archive.length, 1) / blockBytes) * blockBytes;
    const window = OutgoingWindow.create(capacity, { start: start.at });
    const slot = window.append(start.at, archive.length) ?? -1;
    window.write(0, archive);
    window.fill(slot, archive.length);
    window.setEnd(archive.length);
    return window;
  }

  /** A volume that was begun goes on on its cartridge; a fresh one takes a blank. */
  #cartridge({ volume, written }: VolumeStart): Cartridge {
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined) return next;
    if (written === undefined) this.cartridges[volume - 1] = this.#options.blank();
    return this.cartridges[volume - 1] ?? this.#options.blank();
  }

  #open(device: TapeDevice, start: VolumeStart, isFirst: boolean): OpenVolume {
    const status = device.status();
    if (status === undefined) throw new Error("no status");
    const { written, volume } = start;
    if (written !== undefined) return resumeTape(device, status, { name: "tape", blockBytes }, written);
    const { medium } = prepareTape(device, status, {
      ...{ name: "tape", blockBytes, smallerBlocks: false, force: !isFirst },
      position: { kind: "bot" },
      set: { id: set, volume },
    });
    return { medium, hasher: new SegmentHasher([], segmentBytes) };
  }

  readonly #verify = (label: VolumeLabel, segments: readonly string[]): void => {
    const cartridge = this.cartridges[label.volume - 1];
    if (cartridge === undefined) throw new Error("no cartridge");
    const model = new DriveModel(this.#options.drive, cartridge);
    verifyDevice(model, model.options.fixedBlockBytes, { name: "tape", label, segments }, () => false);
  };
}

async function* linesOf(lines: readonly string[]): AsyncGenerator<string, void, undefined> {
  yield* lines;
}

/** What is on the cartridges, item by item, short enough to be compared and shown. */
export function contentsOf(cartridges: readonly Cartridge[]): string[][] {
  return cartridges.map(({ items }) =>
    items.map((item) =>
      item.kind === "filemark" ? "filemark" : `${item.bytes.length}:${Bun.hash(item.bytes)}`,
    ),
  );
}

/** The data of each cartridge's first file, one behind the other. */
export function dataOf(cartridges: readonly Cartridge[]): Buffer {
  return Buffer.concat(cartridges.flatMap((cartridge) => cartridge.files()[0] ?? []));
}
