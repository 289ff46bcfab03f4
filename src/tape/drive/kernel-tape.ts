/** Linux's st driver: a tape drive behind an open file. */
import { closeSync, readSync, writeSync } from "node:fs";
import { ioctl } from "../../system/system-calls.ts";
import { questions, runScsi } from "./scsi-command.ts";
import {
  type DriveFacts,
  type TapeCapacity,
  type TapeDevice,
  type TapeOperation,
  type TapeStatus,
  tapeOperations,
} from "./tape-device.ts";

// linux/mtio.h, the same on x86_64 and arm64 (both LP64 with the generic _IOC encoding).
const mtioctop = 0x40086d01;
const mtiocget = 0x80306d02;
const mtiocpos = 0x80086d03;
const mtgetBytes = 48;
/** linux/mtio.h `GMT_...`: bits of `mt_gstat`. */
const gmt = {
  beginning: 0x40000000,
  endOfTape: 0x20000000,
  endOfData: 0x08000000,
  writeProtected: 0x04000000,
  online: 0x01000000,
  doorOpen: 0x00040000,
  cleaning: 0x00008000,
} as const;

/** TapeAlert specification 3.0: 20 "clean now", 21 "clean periodic". */
const cleaningAlerts: readonly number[] = [20, 21];

/** A drive that is open; the descriptor is its own. */
export class KernelTape implements TapeDevice {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(block: Uint8Array): number {
    return writeSync(this.#fd, block, 0, block.length);
  }

  read(into: Uint8Array): number {
    return readSync(this.#fd, into, 0, into.length, null);
  }

  operate(operation: TapeOperation, count: number): void {
    const argument = new Uint8Array(8);
    const view = new DataView(argument.buffer);
    view.setInt16(0, tapeOperations[operation], true);
    view.setInt32(4, count, true);
    const code = ioctl(this.#fd, mtioctop, argument);
    if (code !== undefined) throw Object.assign(new Error(`${operation}: ${code}`), { code });
  }

  status(): TapeStatus | undefined {
    const answer = new Uint8Array(mtgetBytes);
    if (ioctl(this.#fd, mtiocget, answer) !== undefined) return undefined;
    const view = new DataView(answer.buffer);
    const state = Number(view.getBigInt64(24, true)) >>> 0;
    const modes = Number(view.getBigInt64(16, true)) >>> 0;
    return {
      online: (state & gmt.online) !== 0 && (state & gmt.doorOpen) === 0,
      empty: (state & gmt.doorOpen) !== 0,
      writeProtected: (state & gmt.writeProtected) !== 0,
      beginning: (state & gmt.beginning) !== 0,
      endOfTape: (state & gmt.endOfTape) !== 0,
      endOfData: (state & gmt.endOfData) !== 0,
      cleaningAsked: (state & gmt.cleaning) !== 0,
      fixedBlockBytes: modes & 0xffffff,
      densityCode: modes >>> 24,
      file: view.getInt32(40, true),
      block: view.getInt32(44, true),
    };
  }

  finishWrites(): boolean {
    const answer = new Uint8Array(mtgetBytes);
    const code = ioctl(this.#fd, mtiocget, answer);
    // ENOSPC: all of it is there, and reached the early warning (st.c, write_behind_check).
    if (code === "ENOSPC") return true;
    if (code !== undefined) throw Object.assign(new Error(`finishWrites: ${code}`), { code });
    return (Number(new DataView(answer.buffer).getBigInt64(24, true)) & gmt.endOfTape) !== 0;
  }

  position(): number | undefined {
    const answer = new Uint8Array(8);
    if (ioctl(this.#fd, mtiocpos, answer) !== undefined) return undefined;
    return Number(new DataView(answer.buffer).getBigInt64(0, true));
  }

  facts(): DriveFacts {
    const limits = runScsi(this.#fd, questions.blockLimits, 6);
    // The data compression page follows the header and the block descriptor, whose length is in the header (SSC-3 8.3.2).
    const mode = runScsi(this.#fd, questions.compressionPage, 64);
    const page = mode === undefined ? undefined : mode.subarray(4 + (mode[3] ?? 0));
    return {
      maxBlockBytes: limits === undefined ? undefined : viewOf(limits).getUint32(0) & 0xffffff,
      minBlockBytes: limits === undefined ? undefined : viewOf(limits).getUint16(4),
      compression:
        page === undefined || ((page[0] ?? 0) & 0x3f) !== 0x0f ? undefined : (page[2] ?? 0) >= 0x80,
      alerts: alertsOf(runScsi(this.#fd, questions.alertPage, 4 + 64 * 5)),
    };
  }

  capacity(): TapeCapacity | undefined {
    return capacityOf(runScsi(this.#fd, questions.capacityPage, 4 + 4 * 8));
  }

  carries(bytes: number): boolean {
    return runScsi(this.#fd, questions.blockLimits, bytes, "anything") !== undefined;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Flags of TapeAlert that ask for cleaning. */
export function asksForCleaning(status: TapeStatus | undefined, facts: DriveFacts): boolean {
  return (
    status?.cleaningAsked === true || facts.alerts?.some((flag) => cleaningAlerts.includes(flag)) === true
  );
}

function alertsOf(page: Uint8Array | undefined): number[] | undefined {
  const parameters = parametersOf(page, 0x2e);
  return parameters?.filter(({ value }) => ((value[0] ?? 0) & 1) !== 0).map(({ code }) => code);
}

/** The vendors' common page of drives from LTO-5 on, in MiB (sg3_utils, sg_logs.c `show_tape_capacity_page`). */
const capacityParameters = { remaining: 1, maximum: 3 } as const;

function capacityOf(page: Uint8Array | undefined): TapeCapacity | undefined {
  const parameters = parametersOf(page, 0x31);
  const bytesOf = (wanted: number) => {
    const found = parameters?.find(({ code, value }) => code === wanted && value.length === 4);
    return found === undefined ? 0 : viewOf(found.value).getUint32(0) * 1024 * 1024;
  };
  const maximumBytes = bytesOf(capacityParameters.maximum);
  // Without a tape drives answer with zeros.
  return maximumBytes === 0
    ? undefined
    : { remainingBytes: bytesOf(capacityParameters.remaining), maximumBytes };
}

/**
 * SPC-4 7.3: a page header of four bytes, then parameters: code, control, length, value.
 * @returns undefined when it is not that page
 */
function parametersOf(
  page: Uint8Array | undefined,
  pageCode: number,
): { code: number; value: Uint8Array }[] | undefined {
  if (page === undefined || ((page[0] ?? 0) & 0x3f) !== pageCode) return undefined;
  const view = viewOf(page);
  const end = Math.min(page.length, 4 + view.getUint16(2));
  const parameters: { code: number; value: Uint8Array }[] = [];
  for (let at = 4; at + 4 <= end; ) {
    const next = at + 4 + (page[at + 3] ?? 0);
    parameters.push({ code: view.getUint16(at), value: page.subarray(at + 4, Math.min(next, end)) });
    at = next;
  }
  return parameters;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
