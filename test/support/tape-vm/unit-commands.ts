/** What an emulated drive answers about itself: INQUIRY, block limits, mode pages and log pages (SPC-4, SSC-3). */
import { capacityOf, type DriveState, isProtected } from "./drive-state.ts";
import { check, type DriveAnswer, good, senses } from "./sense.ts";

/** LTO-6's density code, as its mode page says it. */
const densityCode = 0x5a;

export function inquiry(command: Buffer): DriveAnswer {
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

export function readBlockLimits({ settings }: DriveState): DriveAnswer {
  const answer = Buffer.alloc(6);
  answer.writeUIntBE(settings.maxBlockBytes, 1, 3);
  answer.writeUInt16BE(settings.minBlockBytes, 4);
  return good(answer);
}

/** MODE SENSE (6): header, block descriptor, and the data compression page (SSC-3 8.3.2) when it is asked for. */
export function modeSense(drive: DriveState, command: Buffer): DriveAnswer {
  const page = (command[2] ?? 0) & 0x3f;
  const head = Buffer.alloc(12);
  head[2] = (isProtected(drive) ? 0x80 : 0) | 0x10;
  head[3] = 8;
  head[4] = densityCode;
  head.writeUIntBE(drive.fixedBlockBytes, 9, 3);
  const pages = Buffer.alloc(page === 0x0f ? 16 : 0);
  if (page === 0x0f) {
    pages.set([0x0f, 14, 0x40 | (drive.compression ? 0x80 : 0), 0x80]);
    pages[7] = 1;
    pages[11] = 1;
  } else if (page !== 0 && page !== 0x3f) return check(senses.invalidField);
  const answer = Buffer.concat([head, pages]);
  answer[0] = answer.length - 1;
  return good(answer.subarray(0, Math.min(answer.length, command[4] ?? 0)));
}

export function modeSelect(drive: DriveState, output: Uint8Array): DriveAnswer {
  const bytes = Buffer.from(output);
  if (bytes.length >= 12 && bytes[3] === 8) {
    const block = bytes.readUIntBE(9, 3);
    const { minBlockBytes, maxBlockBytes } = drive.settings;
    if (block !== 0 && (block < minBlockBytes || block > maxBlockBytes))
      return check(senses.invalidParameter);
    drive.fixedBlockBytes = block;
  }
  const page = 4 + (bytes[3] ?? 0);
  if (((bytes[page] ?? 0) & 0x3f) === 0x0f) drive.compression = (bytes[page + 2] ?? 0) >= 0x80;
  return good();
}

/** LOG SENSE: which pages there are, TapeAlert (64 flags), and LTO's page of the tape's capacity. */
export function logSense(drive: DriveState, command: Buffer): DriveAnswer {
  const page = (command[2] ?? 0) & 0x3f;
  const parameters = logParameters(drive, page);
  if (parameters === undefined) return check(senses.invalidField);
  const head = Buffer.from([page, 0, 0, 0]);
  head.writeUInt16BE(parameters.length, 2);
  const answer = Buffer.concat([head, parameters]);
  return good(answer.subarray(0, Math.min(answer.length, command.readUInt16BE(7))));
}

function logParameters(drive: DriveState, page: number): Buffer | undefined {
  if (page === 0) return Buffer.from([0, 0x2e, 0x31]);
  if (page === 0x2e) {
    const flags = Array.from({ length: 64 }, (_, at) => (at === 19 && drive.settings.cleaningAsked ? 1 : 0));
    return Buffer.concat(flags.map((flag, at) => Buffer.from([0, at + 1, 0, 1, flag])));
  }
  return page === 0x31 ? capacityParameters(drive) : undefined;
}

/** In MiB: what is left behind the end of the data (1) and all (3) of the first partition, and zeros for a second one (2, 4). */
function capacityParameters(drive: DriveState): Buffer {
  const { cartridge } = drive;
  const capacity = cartridge === undefined ? 0 : capacityOf(drive);
  const left = capacity - (cartridge?.usedAt(cartridge.items.length) ?? 0);
  const mebibytes = [left, 0, capacity, 0].map((bytes) => Math.max(0, Math.floor(bytes / 2 ** 20)));
  const parameters = Buffer.alloc(4 * 8);
  for (const [at, value] of mebibytes.entries()) {
    parameters.writeUInt16BE(at + 1, at * 8);
    parameters[at * 8 + 3] = 4;
    parameters.writeUInt32BE(value, at * 8 + 4);
  }
  return parameters;
}
