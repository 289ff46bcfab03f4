/** Reads an archive from tapes: one volume after the other, each looked at before a byte of it counts. */
import { AceError, cannotRead } from "../../errors.ts";
import { formatLabel, type VolumeLabel } from "../catalogue/catalogue.ts";
import { mostRefusals, type Volume, type VolumeChanger, type WantedVolume } from "../catalogue/volume.ts";
import { openTape } from "../drive/open-tape.ts";
import { labelBehind, peekLabel } from "../drive/read-label.ts";
import { positionTape, type ReadTapeOptions, readBlocks } from "../drive/read-tape.ts";
import { surveyTape } from "../drive/survey-tape.ts";
import { lookAhead, mayGoOn } from "../drive/tape-contents.ts";
import type { TapeDevice, TapeStatus } from "../drive/tape-device.ts";
import { formatTapePosition, goToBlock, moveTo, type TapePosition } from "../drive/tape-position.ts";

/** Where volumes that are not in the drive come from. */
export interface ReadingChanger extends VolumeChanger {
  /** A volume is being read. */
  opened?(volume: number): void;
}

/** Opens the drive for reading, as {@link openTape} does; for tests another one. */
export type OpenDrive = () => { device: TapeDevice; status: TapeStatus };

/**
 * The bytes of the archive that begins where the tape stands, or is told to go; each chunk is the reader's buffer. An archive without
 * catalogues ends with its file of the tape.
 * @throws AceError `medium`, `archive`; what the changer throws
 */
export async function* readVolumes(
  options: ReadTapeOptions,
  changer: ReadingChanger,
  open: OpenDrive = () =>
    openTape({ path: options.name, verb: "read", access: "read", isStopped: options.isStopped }),
): AsyncGenerator<Uint8Array, void, undefined> {
  const reading = new SetReading(options, changer, open);
  try {
    for (let going = await reading.openFirst(); going; going = await reading.openNext())
      yield* reading.blocks();
  } finally {
    reading.close();
  }
}

class SetReading {
  readonly #options: ReadTapeOptions;
  readonly #changer: ReadingChanger;
  readonly #open: OpenDrive;
  #drive: { device: TapeDevice; status: TapeStatus } | undefined;
  /** What the volume at hand is known to be before it is read; undefined for the first one. */
  #label: VolumeLabel | undefined;
  #count = 0;

  constructor(options: ReadTapeOptions, changer: ReadingChanger, open: OpenDrive) {
    this.#options = options;
    this.#changer = changer;
    this.#open = open;
  }

  /** Goes to where the archive begins. When another volume is there, volume 1 is asked for. */
  async openFirst(): Promise<boolean> {
    const { name, position } = this.#options;
    let message = this.#look(position);
    for (let refusals = 0; message !== undefined; refusals++) {
      this.close();
      if (refusals > mostRefusals) throw new AceError("medium", `Cannot read ${name}: ${message}`);
      await this.#changer.change({
        ...{ set: "", volume: 1, offset: 0 },
        ...{ reason: "wrong", message: `${name}: ${message}` },
      });
      message = this.#look({ kind: "bot" });
    }
    this.#changer.opened?.(1);
    return true;
  }

  /** @returns what is there instead of the beginning of an archive; undefined when nothing speaks against it */
  #look(position: TapePosition): string | undefined {
    const { name } = this.#options;
    const { device } = this.#openDrive();
    positionTape(device, name, position);
    const contents = lookAhead(device);
    const label = contents.kind === "block" ? contents.label : undefined;
    if (label !== undefined) {
      if (position.kind !== "here") {
        throw new AceError(
          "medium",
          `Cannot read ${name}: at ${formatTapePosition(position)} is the catalogue of ${formatLabel(label)}, and no archive`,
          { hint: `ace-dt util tape label-info ${name} lists the files of the tape.` },
        );
      }
      // Whoever read the archive before this one stopped in front of its catalogue.
      device.operate("forwardFiles", 1);
      return undefined;
    }
    const before = device.position();
    if (!mayGoOn(contents) || before === undefined) return undefined;
    const behind = labelBehind(device, name);
    goToBlock(device, before);
    return behind === undefined || behind.volume === 1 ? undefined : `the tape is ${formatLabel(behind)}`;
  }

  *blocks(): Generator<Uint8Array, void, undefined> {
    const { device, status } = this.#openDrive();
    this.#count = 0;
    for (const block of readBlocks(device, status.fixedBlockBytes, this.#options)) {
      this.#count += block.length;
      yield block;
    }
  }

  /** Reads the catalogue behind the volume, and opens the next volume. @returns false when there is none */
  async openNext(): Promise<boolean> {
    const label = this.#catalogue();
    this.close();
    if (label === undefined || label.last || this.#options.singleFile === true) return false;
    const next = { set: label.set, volume: label.volume + 1, offset: label.offset + label.bytes };
    const { name } = this.#options;
    const message = `${name}: volume ${label.volume} is read`;
    let wanted: WantedVolume = { ...next, reason: "next", message };
    for (let refusals = 0; ; refusals++) {
      await this.#changer.change(wanted);
      const wrong = this.#find(next);
      if (wrong === undefined) break;
      this.close();
      if (refusals === mostRefusals) throw new AceError("medium", `Cannot read ${name}: ${wrong}`);
      wanted = { ...next, reason: "wrong", message: `${name}: ${wrong}` };
    }
    this.#changer.opened?.(next.volume);
    return true;
  }

  /** Ends the reading of the drive. */
  close(): void {
    this.#drive?.device.close();
    this.#drive = undefined;
  }

  #openDrive(): { device: TapeDevice; status: TapeStatus } {
    this.#drive ??= this.#open();
    return this.#drive;
  }

  /** Undefined for an archive without one; the tape stands behind it, or where the data end. */
  #catalogue(): VolumeLabel | undefined {
    const { device } = this.#openDrive();
    const { name } = this.#options;
    const label = peekLabel(device, name);
    if (label === undefined) {
      if (this.#label !== undefined) throw torn(name, this.#label, "its catalogue is gone");
      return undefined;
    }
    if (this.#label === undefined && label.volume !== 1) {
      throw cannotRead("archive", name, `what was read is ${formatLabel(label)}, and not the first one`);
    }
    const isCounted = label.last
      ? this.#count >= label.bytes && this.#count - label.bytes < label.blockBytes
      : this.#count === label.bytes;
    if (!isCounted)
      throw torn(name, label, `it has ${this.#count} bytes, and its catalogue says ${label.bytes}`);
    device.operate("forwardFiles", 1);
    return label;
  }

  /** @returns what is in the drive instead of the volume; undefined when it was found, and the tape stands in front of its data */
  #find({ set, volume, offset }: Volume): string | undefined {
    const { name, isStopped } = this.#options;
    try {
      const { device } = this.#openDrive();
      const { files } = surveyTape(device, { name, isStopped });
      const labels = files.flatMap(({ label }) => (label === undefined ? [] : [label]));
      const found = labels.find(
        (label) => label.set === set && label.volume === volume && label.offset === offset,
      );
      if (found === undefined) {
        const [first] = labels;
        if (first !== undefined) return `the tape is ${formatLabel(first)}`;
        return files.length === 0 ? "the tape is blank" : "the tape holds no whole volume of any set";
      }
      const at = files.findIndex(({ label }) => label === found) - 1;
      moveTo(device, { kind: "file", number: Math.max(0, at) });
      this.#label = found;
      return undefined;
    } catch (error) {
      // No tape, another program: whoever is asked for the volume can help.
      if (error instanceof AceError && error.code === "medium") return error.message;
      throw error;
    }
  }
}

function torn(name: string, label: VolumeLabel, state: string): AceError {
  return cannotRead("archive", name, `${formatLabel(label)} is damaged: ${state}`);
}
