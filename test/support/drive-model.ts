/** A drive and its driver in memory, with the ways of Linux's st (6.1) and of drives that lie; for tests of what writes to a tape. */
import type {
  DriveFacts,
  TapeCapacity,
  TapeDevice,
  TapeOperation,
  TapeStatus,
} from "../../src/tape/drive/tape-device.ts";
import { Cartridge } from "./tape-vm/cartridge.ts";

/** How a modelled drive is. */
export interface DriveModelOptions {
  capacityBytes: number;
  /** So much before the end of the tape the drive begins to warn, see {@link DriveModel}. */
  earlyWarningBytes: number;
  /** 0 is variable. */
  fixedBlockBytes: number;
  maxBlockBytes: number;
  /** What the host adapter takes at most in one transfer, and whether it can be known beforehand. */
  adapterBytes: number;
  adapterTells: boolean;
  writeProtected: boolean;
  /** Bytes that a write may have for its errors to belong to it; those of larger ones belong to the next write. */
  synchronousBytes: number;
  /** Says ENOSPC for a block that it has stored. */
  storesWhenFull: boolean;
  /** Says nothing when there is no room, and stores nothing. */
  swallowsWhenFull: boolean;
  /** MTIOCPOS fails. */
  tellsNoPosition: boolean;
  /** Reading these items fails, and the head stays in front of them. */
  unreadable: readonly number[];
}

const usual: DriveModelOptions = {
  capacityBytes: 2 ** 40,
  earlyWarningBytes: 0,
  fixedBlockBytes: 0,
  maxBlockBytes: 8 * 1024 * 1024,
  adapterBytes: 64 * 1024 * 1024,
  adapterTells: true,
  writeProtected: false,
  synchronousBytes: 1024 * 1024,
  storesWhenFull: false,
  swallowsWhenFull: false,
  tellsNoPosition: false,
  unreadable: [],
};

/** An error with a system code, as node:fs throws them. */
export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/**
 * Near the end, as in st.c: the write that reaches the early warning is stored, and the next one fails with ENOSPC and is not; the one after
 * that is stored again. That is the driver's memory, not the drive's: any operation that moves the tape or flushes makes it forget the
 * warning (st_int_ioctl, set_location: `ST_NOEOF`), and so does a new open. Of a write that the driver does behind its caller's back, the
 * next call gets the ENOSPC, whatever it is (write_behind_check), and is not done.
 */
export class DriveModel implements TapeDevice {
  readonly options: DriveModelOptions;
  readonly tape: Cartridge;
  /** Items in front of the head. */
  at = 0;
  /** Every call that reached the drive, in order. */
  readonly calls: string[] = [];
  isClosed = false;
  /** The call of this number (from 1, counting writes and operations) fails with EIO; with `rewinds` after a reset. */
  failure: { call: number; rewinds?: boolean } | undefined;
  #counted = 0;
  /** st: a close now writes a filemark. */
  #isWriting = false;
  /** st: `ST_EOM_OK`. */
  #isWarned = false;
  /** The write before, which was larger than {@link DriveModelOptions.synchronousBytes}, reached the early warning, and nobody knows yet. */
  #warnsNext = false;
  #deferred: string | undefined;
  #isReported = false;
  #pastEnd = false;

  constructor(options: Partial<DriveModelOptions> = {}, tape = new Cartridge()) {
    this.options = { ...usual, ...options };
    this.tape = tape;
  }

  write(block: Uint8Array): number {
    const { fixedBlockBytes, maxBlockBytes, adapterBytes, writeProtected, synchronousBytes } = this.options;
    if (block.length > adapterBytes) throw systemError("EBUSY");
    const isWrong =
      fixedBlockBytes === 0 ? block.length > maxBlockBytes : block.length % fixedBlockBytes !== 0;
    if (isWrong) throw systemError("EINVAL");
    if (writeProtected) throw systemError("EACCES");
    this.#reportDeferred(true);
    this.#isWarned ||= this.#warnsNext;
    this.#warnsNext = false;
    if (this.#isWarned) {
      this.#isWarned = false;
      if (this.options.storesWhenFull && this.#hasRoom(block)) this.#put(block);
      throw systemError("ENOSPC");
    }
    this.calls.push("write");
    this.#isWriting = true;
    if (this.#fails()) {
      if (block.length <= synchronousBytes) throw systemError("EIO");
      this.#deferred = "EIO";
      return block.length;
    }
    return this.#store(block);
  }

  #store(block: Uint8Array): number {
    const { capacityBytes, earlyWarningBytes, fixedBlockBytes, swallowsWhenFull, synchronousBytes } =
      this.options;
    const used = this.tape.usedAt(this.at);
    if (used + block.length > capacityBytes) {
      if (swallowsWhenFull) return block.length;
      const room = fixedBlockBytes === 0 ? 0 : Math.floor((capacityBytes - used) / fixedBlockBytes);
      if (room === 0) throw systemError("ENOSPC");
      this.#put(block.subarray(0, room * fixedBlockBytes));
      return room * fixedBlockBytes;
    }
    this.#put(block);
    if (earlyWarningBytes > 0 && this.tape.usedAt(this.at) >= capacityBytes - earlyWarningBytes) {
      if (block.length <= synchronousBytes) this.#isWarned = true;
      else this.#warnsNext = true;
    }
    return block.length;
  }

  #hasRoom(block: Uint8Array): boolean {
    return this.tape.usedAt(this.at) + block.length <= this.options.capacityBytes;
  }

  #put(bytes: Uint8Array): void {
    const step = this.options.fixedBlockBytes || bytes.length;
    for (let from = 0; from < bytes.length; from += step)
      this.tape.put(this.at++, { kind: "block", bytes: Uint8Array.from(bytes.subarray(from, from + step)) });
  }

  read(into: Uint8Array): number {
    const { adapterBytes, fixedBlockBytes, unreadable } = this.options;
    if (into.length > adapterBytes) throw systemError("EBUSY");
    const item = this.tape.items[this.at];
    if (item === undefined) {
      // st: 0 only for the first read behind a filemark.
      if (this.#pastEnd || this.at === 0) throw systemError("EIO");
      this.#pastEnd = true;
      return 0;
    }
    if (unreadable.includes(this.at)) throw systemError("EIO");
    this.at++;
    if (item.kind === "filemark") return 0;
    if (item.bytes.length > into.length) throw systemError("ENOMEM");
    into.set(item.bytes);
    const next = this.tape.items[this.at];
    if (fixedBlockBytes === 0 || into.length === item.bytes.length || next?.kind !== "block")
      return item.bytes.length;
    return item.bytes.length + this.read(into.subarray(item.bytes.length));
  }

  /** st tells a late error to whoever calls next, and to every write after that. */
  #reportDeferred(toWrite: boolean): void {
    if (this.#deferred === undefined || (this.#isReported && !toWrite)) return;
    this.#isReported = true;
    throw systemError(this.#deferred);
  }

  operate(operation: TapeOperation, count: number): void {
    this.#reportDeferred(false);
    if (this.#warnsNext) {
      this.#warnsNext = false;
      throw systemError("ENOSPC");
    }
    this.calls.push(`${operation} ${count}`);
    if (operation !== "unlock") this.#isWarned = false;
    this.#isWriting = false;
    this.#pastEnd = operation === "eom";
    if (this.#fails()) throw systemError("EIO");
    if (operation === "filemarks")
      for (let left = count; left > 0; left--) this.tape.put(this.at++, { kind: "filemark" });
    if (operation === "rewind") this.at = 0;
    if (operation === "eom") this.at = this.tape.items.length;
    if (operation === "seek") this.#seek(count);
    if (operation === "backBlocks") this.#seek(this.at - count);
    if (operation === "forwardFiles") for (let left = count; left > 0; left--) this.#passFilemark();
  }

  #passFilemark(): void {
    const ahead = this.tape.items.slice(this.at).findIndex(({ kind }) => kind === "filemark");
    this.at = ahead < 0 ? this.tape.items.length : this.at + ahead + 1;
    this.#pastEnd = ahead < 0;
    if (ahead < 0) throw systemError("EIO");
  }

  #seek(to: number): void {
    if (to < 0 || to > this.tape.items.length) throw systemError("EIO");
    this.at = to;
  }

  #fails(): boolean {
    this.#counted++;
    if (this.failure?.call !== this.#counted) return false;
    if (this.failure.rewinds === true) this.at = 0;
    return true;
  }

  status(): TapeStatus {
    return {
      online: true,
      empty: false,
      writeProtected: this.options.writeProtected,
      beginning: this.at === 0,
      endOfTape: this.#isWarned,
      endOfData: this.#pastEnd,
      cleaningAsked: false,
      fixedBlockBytes: this.options.fixedBlockBytes,
      densityCode: 0x5e,
      file: -1,
      block: -1,
    };
  }

  finishWrites(): boolean {
    this.#reportDeferred(false);
    const isWarned = this.#isWarned || this.#warnsNext;
    this.#warnsNext = false;
    return isWarned;
  }

  position(): number | undefined {
    return this.options.tellsNoPosition ? undefined : this.at;
  }

  facts(): DriveFacts {
    return { maxBlockBytes: this.options.maxBlockBytes, minBlockBytes: 1, compression: true, alerts: [] };
  }

  capacity(): TapeCapacity | undefined {
    return undefined;
  }

  carries(bytes: number): boolean {
    return !this.options.adapterTells || bytes <= this.options.adapterBytes;
  }

  close(): void {
    this.isClosed = true;
    if (this.#isWriting) this.tape.put(this.at++, { kind: "filemark" });
    if (this.#deferred !== undefined) throw systemError(this.#deferred);
  }
}
