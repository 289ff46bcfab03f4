/** A tape drive as the kernel's driver shows it: blocks in and out, and the operations of mt(1). What speaks to a real one is in kernel-tape.ts. */
import { type BigIntStats, fstatSync, statSync } from "node:fs";

/** Linux admin-guide/devices.txt: character major 9 is the SCSI tape driver (st0, nst0, ...). */
const tapeMajor = 9;

/**
 * linux/mtio.h `MT...`: moves, marks and states. `eom` goes behind all that is written, `filemarks` with a count of 0 makes the drive
 * empty its buffer onto the tape, `unlock` lets the cartridge be taken out.
 */
export const tapeOperations = {
  forwardFiles: 1,
  backBlocks: 4,
  filemarks: 5,
  rewind: 6,
  eject: 7,
  eom: 12,
  setBlock: 20,
  seek: 22,
  unlock: 29,
} as const;

export type TapeOperation = keyof typeof tapeOperations;

/** What `MTIOCGET` says of a drive. */
export interface TapeStatus {
  /** A tape is in and can be used. */
  online: boolean;
  /** There is no tape. */
  empty: boolean;
  writeProtected: boolean;
  beginning: boolean;
  endOfTape: boolean;
  /** Behind everything that is written. */
  endOfData: boolean;
  cleaningAsked: boolean;
  /** Bytes of a block in fixed block mode; 0 in variable block mode. */
  fixedBlockBytes: number;
  /** SSC's density code, such as 0x5e for LTO-8; 0 when nothing is said. */
  densityCode: number;
  /** File and block number, -1 when the driver does not know. */
  file: number;
  block: number;
}

/** What the drive says of itself; undefined where it is not to be had (it takes CAP_SYS_RAWIO). */
export interface DriveFacts {
  /** The largest and smallest block, in bytes. */
  maxBlockBytes: number | undefined;
  minBlockBytes: number | undefined;
  compression: boolean | undefined;
  /** TapeAlert flags that are up, by number (1 to 64). */
  alerts: readonly number[] | undefined;
}

/** Bytes of a tape's first partition, as the drive counts them: without compression. */
export interface TapeCapacity {
  remainingBytes: number;
  maximumBytes: number;
}

/** An open drive. What fails throws an error whose `code` is the system's (`EIO`, `ENOSPC`, `ENOMEM`). */
export interface TapeDevice {
  /** Writes one block. @returns bytes taken; fewer only in fixed block mode at the end of the tape */
  write(block: Uint8Array): number;
  /** Reads one block, or as many as fit in fixed block mode. @returns 0 at a filemark and at the end of the data */
  read(into: Uint8Array): number;
  operate(operation: TapeOperation, count: number): void;
  /** Undefined when it does not answer. */
  status(): TapeStatus | undefined;
  /**
   * Waits for what the driver writes behind its caller's back, and throws what that failed with: the driver tells it once, to whoever calls
   * first, and {@link status} and {@link position} would only not answer.
   * @returns true when the last write reached the early warning, and nothing was done since that makes the driver forget it: a flush, a move
   */
  finishWrites(): boolean;
  /** Blocks and filemarks in front of the head; undefined when the drive cannot tell. */
  position(): number | undefined;
  facts(): DriveFacts;
  /** Undefined where it is not to be had: drives before LTO-5, no tape, no CAP_SYS_RAWIO. */
  capacity(): TapeCapacity | undefined;
  /** False when the way to the drive is known to be too narrow for a transfer of this many bytes. Moves nothing. */
  carries(bytes: number): boolean;
  /** After a write the driver writes a filemark, unless one was written last, or {@link operate} was called since. */
  close(): void;
}

/** st.c: what a read or a write of a size fails with that drive, host adapter or memory do not allow. Nothing of it was done. */
export const refusedSizes: readonly string[] = ["EBUSY", "EINVAL", "EOVERFLOW"];

/** What the system's error names mean where a tape is moved or looked at: the drive has told the kernel's log more. */
export const driveStates = { EIO: "the drive reports an error" } as const;

/** True when the open file is a SCSI tape drive. */
export function isTape(fd: number): boolean {
  return isTapeStat(fstatSync(fd, { bigint: true }));
}

/** True when there is a SCSI tape drive's device node at the path. */
export function isTapePath(path: string): boolean {
  const stat = path === "-" ? undefined : statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat !== undefined && isTapeStat(stat);
}

/** Linux admin-guide/devices.txt: consoles and serial lines, /dev/tty, and pseudo-terminals. */
const terminalMajors: readonly number[] = [4, 5, 136, 137, 138, 139, 140, 141, 142, 143];

/** True when the status is that of a terminal. */
export function isTerminalStat(stat: BigIntStats): boolean {
  return stat.isCharacterDevice() && terminalMajors.includes(majorOf(stat));
}

/** True when the status is that of a SCSI tape drive's device node. */
export function isTapeStat(stat: BigIntStats): boolean {
  return stat.isCharacterDevice() && majorOf(stat) === tapeMajor;
}

/** st.c: nodes without this bit of their minor number (st0, not nst0) rewind the tape when they are closed. */
const keepsPositionBit = 0x80n;

/** True for a tape drive's node that rewinds when it is closed. */
export function rewindsAtClose(stat: BigIntStats): boolean {
  return isTapeStat(stat) && (stat.rdev & keepsPositionBit) === 0n;
}

/** glibc's gnu_dev_major */
function majorOf(stat: BigIntStats): number {
  return Number(((stat.rdev >> 8n) & 0xfffn) | ((stat.rdev >> 32n) & 0xfffff000n));
}
