/** The kernel's tape driver through ioctl: what kind of file a path is, flushing the drive, writing filemarks, reading its block size. */
import { type BigIntStats, fstatSync } from "node:fs";
import { AceError } from "../errors.ts";
import { ioctl } from "./system-calls.ts";

/** Linux admin-guide/devices.txt: character major 9 is the SCSI tape driver (st0, nst0, ...). */
const tapeMajor = 9;

// linux/mtio.h, the same on x86_64 and arm64 (both LP64 with the generic _IOC encoding).
const mtioctop = 0x40086d01;
const mtiocget = 0x80306d02;
const mtOperation = { writeFilemark: 5 } as const;
const mtgetBytes = 48;
const gmt = {
  endOfTape: 0x20000000,
  writeProtected: 0x04000000,
  online: 0x01000000,
  drOpen: 0x00040000,
} as const;

/** What `MTIOCGET` says of a drive. */
export interface TapeStatus {
  online: boolean;
  writeProtected: boolean;
  endOfTape: boolean;
  /** Bytes of a block in fixed block mode; 0 in variable block mode. */
  fixedBlockBytes: number;
  /** File and block number, -1 when the driver does not know. */
  file: number;
  block: number;
}

/** True when the open file is a SCSI tape drive. */
export function isTape(fd: number): boolean {
  return isTapeStat(fstatSync(fd, { bigint: true }));
}

/** True when the status is that of a SCSI tape drive's device node. */
export function isTapeStat(stat: BigIntStats): boolean {
  // glibc's gnu_dev_major
  const major = Number(((stat.rdev >> 8n) & 0xfffn) | ((stat.rdev >> 32n) & 0xfffff000n));
  return stat.isCharacterDevice() && major === tapeMajor;
}

/**
 * Writes filemarks; with a count of 0 the drive only empties its buffer onto the tape (design: a checkpoint barrier).
 * @throws AceError `medium`
 */
export function writeFilemarks(fd: number, count: number): void {
  const operation = new Uint8Array(8);
  const view = new DataView(operation.buffer);
  view.setInt16(0, mtOperation.writeFilemark, true);
  view.setInt32(4, count, true);
  if (!ioctl(fd, mtioctop, operation)) {
    throw new AceError(
      "medium",
      `Cannot ${count === 0 ? "flush the drive" : "write a filemark"}: the drive reports an error`,
    );
  }
}

/** Asks the drive how it is; undefined when it does not answer. */
export function tapeStatus(fd: number): TapeStatus | undefined {
  const answer = new Uint8Array(mtgetBytes);
  if (!ioctl(fd, mtiocget, answer)) return undefined;
  const view = new DataView(answer.buffer);
  const state = Number(view.getBigInt64(24, true)) >>> 0;
  return {
    online: (state & gmt.online) !== 0 && (state & gmt.drOpen) === 0,
    writeProtected: (state & gmt.writeProtected) !== 0,
    endOfTape: (state & gmt.endOfTape) !== 0,
    fixedBlockBytes: Number(view.getBigInt64(16, true)) & 0xffffff,
    file: view.getInt32(40, true),
    block: view.getInt32(44, true),
  };
}
