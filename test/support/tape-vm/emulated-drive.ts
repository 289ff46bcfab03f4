/**
 * An LTO drive as its SCSI commands show it (the parts of SPC-4 and SSC-3 that Linux's st driver uses), with a cartridge that tests can
 * look at and faults that they order.
 */
import { Cartridge } from "./cartridge.ts";
import { check, type DriveAnswer, good, type Sense, senseBits, senses } from "./sense.ts";

/** The operations that faults are ordered for, by their SCSI code. */
const operations = {
  write: 0x0a,
  read: 0x08,
  filemarks: 0x10,
  space: 0x11,
  locate: 0x2b,
  rewind: 0x01,
  position: 0x34,
  ready: 0x00,
} as const;

/** Something that goes wrong. */
export interface Fault {
  on: keyof typeof operations;
  /** Only at this position; anywhere when left out. */
  position?: number;
  /** What is answered; the command is done as usual when left out. */
  sense?: Sense;
  /** The tape goes to its beginning first, as in a reset. */
  rewinds?: boolean;
  /** The command is done, and then the sense is answered. */
  after?: boolean;
  /** The answer comes this much later. */
  delayMs?: number;
  /** No answer at all. */
  drop?: boolean;
  /** How often; once when left out. */
  times?: number;
}

/** What can be set on a drive at any time. */
export interface DriveSettings {
  capacityBytes: number;
  /** Before the end of the tape, writes say that it is near. */
  earlyWarningBytes: number;
  minBlockBytes: number;
  maxBlockBytes: number;
  writeProtected: boolean;
  /** Becomes ready only when it is set to true. */
  ready: boolean;
  /** TapeAlert flag 20, "clean now" (TapeAlert specification 3). */
  cleaningAsked: boolean;
}

const usual: DriveSettings = {
  capacityBytes: 256 * 1024 * 1024,
  earlyWarningBytes: 2 * 1024 * 1024,
  minBlockBytes: 1,
  maxBlockBytes: 8 * 1024 * 1024,
  writeProtected: false,
  ready: true,
  cleaningAsked: false,
};

/** LTO-6's density code, as its mode page says it. */
const densityCode = 0x5a;
/** How often something happened, by name. */
type Counts = Record<string, number>;

export class EmulatedDrive {
  settings: DriveSettings;
  cartridge: Cartridge | undefined = new Cartridge();
  /** Items in front of the head. */
  position = 0;
  /** 0 is variable. */
  fixedBlockBytes = 0;
  compression = true;
  /** Writes by their size in bytes. */
  writeSizes: Counts = {};
  /** Commands by name. */
  commands: Counts = {};
  #faults: Fault[] = [];
  #attentions: Sense[] = [senses.reset];

  constructor(settings: Partial<DriveSettings> = {}) {
    this.settings = { ...usual, ...settings };
  }

  /** Orders a fault. */
  fail(fault: Fault): void {
    this.#faults.push({ ...fault });
  }

  /** Forgets faults and counts, and lays in a cartridge, a new one when none is given. The next command learns of it. */
  load(cartridge = new Cartridge(), settings: Partial<DriveSettings> = {}): Cartridge {
    this.settings = { ...usual, ...settings };
    this.cartridge = cartridge;
    this.position = 0;
    this.fixedBlockBytes = 0;
    this.compression = true;
    this.writeSizes = {};
    this.commands = {};
    this.#faults = [];
    this.#attentions = [senses.mediumChanged];
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
    const answer = this.#run(operation, bytes, output);
    return fault?.sense !== undefined && answer.status === 0 ? check(fault.sense) : answer;
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

  #run(operation: number, command: Buffer, output: Uint8Array): DriveAnswer {
    switch (operation) {
      case 0x12:
        return this.#inquiry(command);
      case 0x03:
        return good(check(senses.none).sense);
      case 0xa0:
        return good(Buffer.from([0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
      case 0x05:
        return this.#blockLimits();
      case 0x1a:
        return this.#modeSense(command);
      case 0x15:
        return this.#modeSelect(output);
      case 0x4d:
        return this.#logSense(command);
      case 0x1e:
        return good();
      case 0x1b:
        return this.#load((command[4] ?? 0) & 1);
    }
    if (this.cartridge === undefined) return check(senses.noMedium);
    if (!this.settings.ready) return check(senses.notReadyBecomingReady);
    switch (operation) {
      case operations.ready:
        return good();
      case operations.rewind:
        this.position = 0;
        return good();
      case operations.write:
        return this.#write(command, output, this.cartridge);
      case operations.filemarks:
        return this.#writeFilemarks(command, this.cartridge);
      case operations.read:
        return this.#read(command, this.cartridge);
      case operations.space:
        return this.#space(command, this.cartridge);
      case operations.locate:
        return this.#locate(command.readUInt32BE(3), this.cartridge);
      case operations.position:
        return this.#tell();
      case 0x19:
        if (this.settings.writeProtected) return check(senses.writeProtected);
        this.cartridge.cut(this.position);
        return good();
      default:
        return check(senses.invalidOpcode);
    }
  }

  #inquiry(command: Buffer): DriveAnswer {
    if (((command[1] ?? 0) & 1) !== 0) {
      if (command[2] === 0) return good(Buffer.from([1, 0, 0, 2, 0, 0x80]));
      if (command[2] === 0x80) return good(Buffer.from("\x01\x80\x00\x08EMU00001", "latin1"));
      return check(senses.invalidField);
    }
    const answer = Buffer.alloc(36);
    answer.set([1, 0x80, 5, 2, 31]);
    answer.write("EMULATED".padEnd(8), 8, "latin1");
    answer.write("ULTRIUM-TD6".padEnd(16), 16, "latin1");
    answer.write("0001", 32, "latin1");
    return good(answer.subarray(0, Math.min(answer.length, command.readUInt16BE(3))));
  }

  #blockLimits(): DriveAnswer {
    const answer = Buffer.alloc(6);
    answer.writeUIntBE(this.settings.maxBlockBytes, 1, 3);
    answer.writeUInt16BE(this.settings.minBlockBytes, 4);
    return good(answer);
  }

  /** MODE SENSE (6): header, block descriptor, and the data compression page (SSC-3 8.3.2) when it is asked for. */
  #modeSense(command: Buffer): DriveAnswer {
    const page = (command[2] ?? 0) & 0x3f;
    const head = Buffer.alloc(12);
    head[2] = (this.settings.writeProtected ? 0x80 : 0) | 0x10;
    head[3] = 8;
    head[4] = densityCode;
    head.writeUIntBE(this.fixedBlockBytes, 9, 3);
    const pages = Buffer.alloc(page === 0x0f ? 16 : 0);
    if (page === 0x0f) {
      pages.set([0x0f, 14, 0x40 | (this.compression ? 0x80 : 0), 0x80]);
      pages[7] = 1;
      pages[11] = 1;
    } else if (page !== 0 && page !== 0x3f) return check(senses.invalidField);
    const answer = Buffer.concat([head, pages]);
    answer[0] = answer.length - 1;
    return good(answer.subarray(0, Math.min(answer.length, command[4] ?? 0)));
  }

  #modeSelect(output: Uint8Array): DriveAnswer {
    const bytes = Buffer.from(output);
    if (bytes.length >= 12 && bytes[3] === 8) {
      const block = bytes.readUIntBE(9, 3);
      const { minBlockBytes, maxBlockBytes } = this.settings;
      if (block !== 0 && (block < minBlockBytes || block > maxBlockBytes))
        return check(senses.invalidParameter);
      this.fixedBlockBytes = block;
    }
    const page = 4 + (bytes[3] ?? 0);
    if (((bytes[page] ?? 0) & 0x3f) === 0x0f) this.compression = (bytes[page + 2] ?? 0) >= 0x80;
    return good();
  }

  #logSense(command: Buffer): DriveAnswer {
    const page = (command[2] ?? 0) & 0x3f;
    const answer = page === 0x2e ? this.#alertPage() : page === 0x31 ? this.#capacityPage() : undefined;
    if (answer === undefined) return check(senses.invalidField);
    return good(answer.subarray(0, Math.min(answer.length, command.readUInt16BE(7))));
  }

  /** TapeAlert: 64 flags, each a parameter of five bytes. */
  #alertPage(): Buffer {
    const answer = Buffer.alloc(4 + 64 * 5);
    answer[0] = 0x2e;
    answer.writeUInt16BE(64 * 5, 2);
    for (let flag = 1; flag <= 64; flag++) {
      answer.writeUInt16BE(flag, 4 + (flag - 1) * 5);
      answer[4 + (flag - 1) * 5 + 3] = 1;
    }
    if (this.settings.cleaningAsked) answer[4 + 19 * 5 + 4] = 1;
    return answer;
  }

  /** Tape capacity, in MiB: what is left (1) and all (3) of the first partition, and zeros for a second one (2, 4). */
  #capacityPage(): Buffer {
    const { capacityBytes } = this.settings;
    const left = capacityBytes - (this.cartridge?.usedAt(this.cartridge.items.length) ?? 0);
    const values = this.cartridge === undefined ? [0, 0, 0, 0] : [left, 0, capacityBytes, 0];
    const answer = Buffer.alloc(4 + 4 * 8);
    answer[0] = 0x31;
    answer.writeUInt16BE(4 * 8, 2);
    for (const [at, bytes] of values.entries()) {
      answer.writeUInt16BE(at + 1, 4 + at * 8);
      answer[4 + at * 8 + 3] = 4;
      answer.writeUInt32BE(Math.floor(bytes / 1024 / 1024), 4 + at * 8 + 4);
    }
    return answer;
  }

  #load(bit: number): DriveAnswer {
    if (bit === 0) this.unload();
    else if (this.cartridge === undefined) return check(senses.noMedium);
    this.position = 0;
    return good();
  }

  #isNearEnd(cartridge: Cartridge): boolean {
    return cartridge.usedAt(this.position) >= this.settings.capacityBytes - this.settings.earlyWarningBytes;
  }

  #write(command: Buffer, output: Uint8Array, cartridge: Cartridge): DriveAnswer {
    if (this.settings.writeProtected) return check(senses.writeProtected);
    const asked = command.readUIntBE(2, 3);
    const fixed = ((command[1] ?? 0) & 1) !== 0;
    const [count, size] = fixed ? [asked, this.fixedBlockBytes] : [1, asked];
    const { minBlockBytes, maxBlockBytes, capacityBytes } = this.settings;
    if (fixed ? size === 0 : size > maxBlockBytes || (size > 0 && size < minBlockBytes))
      return check(senses.invalidField);
    if (size === 0) return good();
    for (let at = 0; at < count; at++) {
      if (cartridge.usedAt(this.position) + size > capacityBytes) {
        const information = fixed ? count - at : size;
        return check(senses.overflow, { bits: senseBits.endOfMedium, information });
      }
      cartridge.put(this.position, {
        kind: "block",
        bytes: Uint8Array.from(output.subarray(at * size, (at + 1) * size)),
      });
      this.position++;
    }
    this.writeSizes[size * count] = (this.writeSizes[size * count] ?? 0) + 1;
    if (!this.#isNearEnd(cartridge)) return good();
    return check(senses.endOfMedium, { bits: senseBits.endOfMedium, information: 0 });
  }

  #writeFilemarks(command: Buffer, cartridge: Cartridge): DriveAnswer {
    if (this.settings.writeProtected) return check(senses.writeProtected);
    if (((command[1] ?? 0) & 2) !== 0) return check(senses.invalidField);
    const count = command.readUIntBE(2, 3);
    for (let at = 0; at < count; at++) {
      cartridge.put(this.position, { kind: "filemark" });
      this.position++;
    }
    if (count === 0 || !this.#isNearEnd(cartridge)) return good();
    return check(senses.endOfMedium, { bits: senseBits.endOfMedium, information: 0 });
  }

  #read(command: Buffer, cartridge: Cartridge): DriveAnswer {
    const asked = command.readUIntBE(2, 3);
    const flags = command[1] ?? 0;
    return (flags & 1) === 0
      ? this.#readVariable(asked, (flags & 2) !== 0, cartridge)
      : this.#readFixed(asked, cartridge);
  }

  #readVariable(asked: number, anyLength: boolean, cartridge: Cartridge): DriveAnswer {
    if (asked === 0) return good();
    const item = cartridge.items[this.position];
    if (item === undefined) return check(senses.endOfData, { information: asked });
    this.position++;
    if (item.kind === "filemark")
      return check(senses.filemark, { bits: senseBits.filemark, information: asked });
    const { length } = item.bytes;
    const data = item.bytes.subarray(0, asked);
    if (length === asked || (anyLength && length < asked)) return good(data);
    return check(senses.none, { bits: senseBits.wrongLength, information: asked - length, data });
  }

  #readFixed(count: number, cartridge: Cartridge): DriveAnswer {
    if (this.fixedBlockBytes === 0) return check(senses.invalidField);
    const parts: Uint8Array[] = [];
    for (let at = 0; at < count; at++) {
      const item = cartridge.items[this.position];
      const rest = { information: count - at, data: Buffer.concat(parts) };
      if (item === undefined) return check(senses.endOfData, rest);
      this.position++;
      if (item.kind === "filemark") return check(senses.filemark, { bits: senseBits.filemark, ...rest });
      if (item.bytes.length !== this.fixedBlockBytes)
        return check(senses.none, { bits: senseBits.wrongLength, ...rest });
      parts.push(item.bytes);
    }
    return good(Buffer.concat(parts));
  }

  #space(command: Buffer, cartridge: Cartridge): DriveAnswer {
    const code = (command[1] ?? 0) & 7;
    if (code === 3) {
      this.position = cartridge.items.length;
      return good();
    }
    if (code > 1) return check(senses.invalidField);
    const wanted = command.readIntBE(2, 3);
    for (let left = Math.abs(wanted); left > 0; ) {
      if (wanted < 0 && this.position === 0)
        return check(senses.beginningOfTape, { bits: senseBits.endOfMedium, information: left });
      const item = cartridge.items[wanted < 0 ? this.position - 1 : this.position];
      if (item === undefined) return check(senses.endOfData, { information: left });
      this.position += wanted < 0 ? -1 : 1;
      if (code === 0 && item.kind === "filemark")
        return check(senses.filemark, { bits: senseBits.filemark, information: left });
      if (code === 0 || item.kind === "filemark") left--;
    }
    return good();
  }

  #locate(block: number, cartridge: Cartridge): DriveAnswer {
    this.position = Math.min(block, cartridge.items.length);
    return block > cartridge.items.length ? check(senses.endOfData) : good();
  }

  #tell(): DriveAnswer {
    const answer = Buffer.alloc(20);
    answer[0] = this.position === 0 ? 0x80 : 0;
    answer.writeUInt32BE(this.position, 4);
    answer.writeUInt32BE(this.position, 8);
    return good(answer);
  }
}
