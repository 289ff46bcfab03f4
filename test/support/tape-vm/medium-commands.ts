/** What an emulated drive does with its tape: write, read, and move about (SSC-3). */
import type { Cartridge } from "./cartridge.ts";
import { capacityOf, type DriveState, earlyWarningAt, isProtected } from "./drive-state.ts";
import { check, type DriveAnswer, good, senseBits, senses } from "./sense.ts";

function isNearEnd(drive: DriveState, cartridge: Cartridge): boolean {
  return cartridge.usedAt(drive.position) >= earlyWarningAt(drive);
}

/** WRITE (6): as many blocks as the tape has room for. Near the end every answer says so, unless the drive is one that lies. */
export function write(
  drive: DriveState,
  command: Buffer,
  output: Uint8Array,
  cartridge: Cartridge,
): DriveAnswer {
  if (isProtected(drive)) return check(senses.writeProtected);
  const asked = command.readUIntBE(2, 3);
  const fixed = ((command[1] ?? 0) & 1) !== 0;
  const [count, size] = fixed ? [asked, drive.fixedBlockBytes] : [1, asked];
  const { minBlockBytes, maxBlockBytes, storesWhenFull, swallowsWhenFull } = drive.settings;
  if (fixed ? size === 0 : size > maxBlockBytes || (size > 0 && size < minBlockBytes))
    return check(senses.invalidField);
  if (size === 0) return good();
  for (let at = 0; at < count; at++) {
    if (cartridge.usedAt(drive.position) + size > capacityOf(drive)) {
      if (swallowsWhenFull) return good();
      const information = fixed ? count - at : size;
      return check(senses.overflow, { bits: senseBits.endOfMedium, information });
    }
    cartridge.put(drive.position, {
      kind: "block",
      bytes: Uint8Array.from(output.subarray(at * size, (at + 1) * size)),
    });
    drive.position++;
  }
  drive.writeSizes[size * count] = (drive.writeSizes[size * count] ?? 0) + 1;
  if (!isNearEnd(drive, cartridge)) return good();
  const information = storesWhenFull ? asked : 0;
  return check(senses.endOfMedium, { bits: senseBits.endOfMedium, information });
}

export function writeFilemarks(drive: DriveState, command: Buffer, cartridge: Cartridge): DriveAnswer {
  if (isProtected(drive)) return check(senses.writeProtected);
  if (((command[1] ?? 0) & 2) !== 0) return check(senses.invalidField);
  const count = command.readUIntBE(2, 3);
  for (let at = 0; at < count; at++) {
    cartridge.put(drive.position, { kind: "filemark" });
    drive.position++;
  }
  if (count === 0 || !isNearEnd(drive, cartridge)) return good();
  return check(senses.endOfMedium, { bits: senseBits.endOfMedium, information: 0 });
}

export function read(drive: DriveState, command: Buffer, cartridge: Cartridge): DriveAnswer {
  const asked = command.readUIntBE(2, 3);
  const flags = command[1] ?? 0;
  return (flags & 1) === 0
    ? readVariable(drive, asked, (flags & 2) !== 0, cartridge)
    : readFixed(drive, asked, cartridge);
}

function readVariable(
  drive: DriveState,
  asked: number,
  anyLength: boolean,
  cartridge: Cartridge,
): DriveAnswer {
  if (asked === 0) return good();
  const item = cartridge.items[drive.position];
  if (item === undefined) return check(senses.endOfData, { information: asked });
  drive.position++;
  if (item.kind === "filemark")
    return check(senses.filemark, { bits: senseBits.filemark, information: asked });
  const { length } = item.bytes;
  const data = item.bytes.subarray(0, asked);
  if (length === asked || (anyLength && length < asked)) return good(data);
  return check(senses.none, { bits: senseBits.wrongLength, information: asked - length, data });
}

function readFixed(drive: DriveState, count: number, cartridge: Cartridge): DriveAnswer {
  if (drive.fixedBlockBytes === 0) return check(senses.invalidField);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < count; at++) {
    const item = cartridge.items[drive.position];
    const rest = { information: count - at, data: Buffer.concat(parts) };
    if (item === undefined) return check(senses.endOfData, rest);
    drive.position++;
    if (item.kind === "filemark") return check(senses.filemark, { bits: senseBits.filemark, ...rest });
    if (item.bytes.length !== drive.fixedBlockBytes)
      return check(senses.none, { bits: senseBits.wrongLength, ...rest });
    parts.push(item.bytes);
  }
  return good(Buffer.concat(parts));
}

export function space(drive: DriveState, command: Buffer, cartridge: Cartridge): DriveAnswer {
  const code = (command[1] ?? 0) & 7;
  if (code === 3) {
    drive.position = cartridge.items.length;
    return good();
  }
  if (code > 1) return check(senses.invalidField);
  const wanted = command.readIntBE(2, 3);
  for (let left = Math.abs(wanted); left > 0; ) {
    if (wanted < 0 && drive.position === 0)
      return check(senses.beginningOfTape, { bits: senseBits.endOfMedium, information: left });
    const item = cartridge.items[wanted < 0 ? drive.position - 1 : drive.position];
    if (item === undefined) return check(senses.endOfData, { information: left });
    drive.position += wanted < 0 ? -1 : 1;
    if (code === 0 && item.kind === "filemark")
      return check(senses.filemark, { bits: senseBits.filemark, information: left });
    if (code === 0 || item.kind === "filemark") left--;
  }
  return good();
}

export function locate(drive: DriveState, block: number, cartridge: Cartridge): DriveAnswer {
  drive.position = Math.min(block, cartridge.items.length);
  return block > cartridge.items.length ? check(senses.endOfData) : good();
}

export function tell(drive: DriveState): DriveAnswer {
  const answer = Buffer.alloc(20);
  answer[0] = drive.position === 0 ? 0x80 : 0;
  answer.writeUInt32BE(drive.position, 4);
  answer.writeUInt32BE(drive.position, 8);
  return good(answer);
}

/** ERASE (6): nothing is left behind the head. */
export function erase(drive: DriveState, cartridge: Cartridge): DriveAnswer {
  if (isProtected(drive)) return check(senses.writeProtected);
  cartridge.cut(drive.position);
  return good();
}

export function rewind(drive: DriveState): DriveAnswer {
  drive.position = 0;
  return good();
}
