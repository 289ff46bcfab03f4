/**
 * An LTO drive as its SCSI commands show it (the parts of SPC-4 and SSC-3 that Linux's st driver uses), with a cartridge that tests can
 * look at, a shelf of others, and faults that they order.
 */
import { Cartridge } from "./cartridge.ts";
import { type DriveSettings, type Fault, operations, usualSettings } from "./drive-settings.ts";
import type { DriveState } from "./drive-state.ts";
import * as medium from "./medium-commands.ts";
import { check, type DriveAnswer, good, type Sense, senses } from "./sense.ts";
import { Shelf } from "./shelf.ts";
import { Streaming } from "./streaming.ts";
import * as unit from "./unit-commands.ts";

/** How often something happened, by name. */
type Counts = Record<string, number>;

/** Before these the buffer is written to the tape, which stops. */
const emptiesBuffer: ReadonlySet<number> = new Set([
  operations.read,
  operations.space,
  operations.locate,
  operations.rewind,
  0x1b, // LOAD/UNLOAD
]);

export class EmulatedDrive implements DriveState {
  settings: DriveSettings;
  cartridge: Cartridge | undefined = new Cartridge();
  position = 0;
  fixedBlockBytes = 0;
  compression = true;
  writeSizes: Counts = {};
  /** Commands by name. */
  commands: Counts = {};
  /** Cartridges that {@link change} lays in by name. */
  readonly shelf = new Shelf();
  /** The names of those that were laid in, in turn. */
  changes: string[] = [];
  /** How the tape ran, when the settings say its pace. */
  streaming: Streaming | undefined;
  #faults: Fault[] = [];
  #attentions: Sense[] = [senses.reset];
  #loadedAtMs = 0;

  constructor(settings: Partial<DriveSettings> = {}) {
    this.settings = { ...usualSettings, ...settings };
  }

  /** Orders a fault. */
  fail(fault: Fault): void {
    this.#faults.push({ ...fault });
  }

  /**
   * Makes the drive one that nobody used yet, with an empty shelf, and lays in a cartridge, a new one when none is given. The next command
   * learns of it.
   */
  load(cartridge = new Cartridge(), settings: Partial<DriveSettings> = {}): Cartridge {
    this.settings = { ...usualSettings, ...settings };
    this.fixedBlockBytes = 0;
    this.compression = true;
    this.writeSizes = {};
    this.commands = {};
    this.shelf.clear();
    this.changes = [];
    this.#faults = [];
    this.#attentions = [];
    this.streaming = undefined;
    this.#insert(cartridge);
    return cartridge;
  }

  /**
   * What a changer does: takes out what is in the drive, and lays in a cartridge of the shelf. The next command learns of it.
   * @throws Error when there is none of that name; then what is in the drive stays
   */
  change(name: string): Cartridge {
    const cartridge = this.shelf.get(name);
    this.#insert(cartridge);
    this.changes.push(name);
    return cartridge;
  }

  /** Takes the cartridge out. */
  unload(): void {
    this.cartridge = undefined;
    this.position = 0;
  }

  /** As after a bus reset or a power failure: the tape is at its beginning, and the next command is told so. */
  reset(): void {
    this.position = 0;
    this.#attentions.push(senses.reset);
  }

  /**
   * Runs a command.
   * @param output the bytes that came with it
   * @returns undefined when there is no answer
   */
  async execute(command: Uint8Array, output: Uint8Array): Promise<DriveAnswer | undefined> {
    const bytes = Buffer.from(command);
    const operation = bytes[0] ?? 0;
    const names = Object.keys(operations) as (keyof typeof operations)[];
    const name = names.find((each) => operations[each] === operation);
    const counted = name ?? `0x${operation.toString(16)}`;
    this.commands[counted] = (this.commands[counted] ?? 0) + 1;
    // INQUIRY, REQUEST SENSE and REPORT LUNS leave a unit attention where it is (SAM-5 5.14).
    if (![0x12, 0x03, 0xa0].includes(operation)) {
      const attention = this.#attentions.shift();
      if (attention !== undefined) return check(attention);
    }
    const fault = name === undefined ? undefined : this.#takeFault(name);
    if (fault?.delayMs !== undefined) await Bun.sleep(fault.delayMs);
    if (fault?.drop === true) return undefined;
    if (fault?.rewinds === true) this.position = 0;
    if (fault?.sense !== undefined && fault.after !== true) return check(fault.sense);
    const answer = await this.#atTapePace(bytes, output);
    return fault?.sense !== undefined && answer.status === 0 ? check(fault.sense) : answer;
  }

  #insert(cartridge: Cartridge): void {
    this.cartridge = cartridge;
    this.position = 0;
    this.#loadedAtMs = performance.now();
    this.#attentions.push(senses.mediumChanged);
  }

  #takeFault(name: keyof typeof operations): Fault | undefined {
    const at = this.#faults.findIndex(
      (fault) => fault.on === name && (fault.position === undefined || fault.position === this.position),
    );
    const fault = this.#faults[at];
    if (fault === undefined) return undefined;
    fault.times = (fault.times ?? 1) - 1;
    if (fault.times <= 0) this.#faults.splice(at, 1);
    return fault;
  }

  /** Runs a command, and answers when the tape would have come that far. */
  async #atTapePace(command: Buffer, output: Uint8Array): Promise<DriveAnswer> {
    const { streaming } = this.settings;
    if (streaming !== undefined) this.streaming ??= new Streaming(streaming);
    const before = this.position;
    const answer = this.#run(command, output);
    const operation = command[0] ?? 0;
    let waitMs = 0;
    if (operation === operations.write && this.position > before)
      waitMs = this.streaming?.take(output.length) ?? 0;
    // Filemarks may be asked for at once (IMMED): they wait in the buffer too.
    const isFlush = operation === operations.filemarks && ((command[1] ?? 0) & 1) === 0;
    if (isFlush || emptiesBuffer.has(operation)) waitMs = this.streaming?.flush() ?? 0;
    if (waitMs > 0) await Bun.sleep(waitMs);
    return answer;
  }

  #run(command: Buffer, output: Uint8Array): DriveAnswer {
    switch (command[0]) {
      case 0x12:
        return unit.inquiry(command);
      case 0x03:
        return good(check(senses.none).sense);
      case 0xa0:
        return good(Buffer.from([0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
      case 0x05:
        return unit.readBlockLimits(this);
      case 0x1a:
        return unit.modeSense(this, command);
      case 0x15:
        return unit.modeSelect(this, output);
      case 0x4d:
        return unit.logSense(this, command);
      case 0x1e:
        return good();
      case 0x1b:
        return this.#moveCartridge(((command[4] ?? 0) & 1) !== 0);
    }
    if (this.cartridge === undefined) return check(senses.noMedium);
    const isLoading = performance.now() < this.#loadedAtMs + this.settings.loadingMs;
    if (isLoading || !this.settings.ready) return check(senses.notReadyBecomingReady);
    return this.#runOnTape(command, output, this.cartridge);
  }

  #runOnTape(command: Buffer, output: Uint8Array, cartridge: Cartridge): DriveAnswer {
    switch (command[0]) {
      case operations.ready:
        return good();
      case operations.rewind:
        return medium.rewind(this);
      case operations.write:
        return medium.write(this, command, output, cartridge);
      case operations.filemarks:
        return medium.writeFilemarks(this, command, cartridge);
      case operations.read:
        return medium.read(this, command, cartridge);
      case operations.space:
        return medium.space(this, command, cartridge);
      case operations.locate:
        return medium.locate(this, command.readUInt32BE(3), cartridge);
      case operations.position:
        return medium.tell(this);
      case 0x19:
        return medium.erase(this, cartridge);
      default:
        return check(senses.invalidOpcode);
    }
  }

  /** LOAD and UNLOAD; what was taken out is on the shelf, or gone. */
  #moveCartridge(isIn: boolean): DriveAnswer {
    if (!isIn) this.unload();
    else if (this.cartridge === undefined) return check(senses.noMedium);
    this.position = 0;
    return good();
  }
}
