/** Reads one file of a tape, from where it stands or is told to go, up to the filemark. Only the reader thread does. */
import { AceError, systemCodeOf, systemState } from "../../errors.ts";
import { openTape } from "./open-tape.ts";
import { refusedSizes, type TapeDevice } from "./tape-device.ts";
import { moveTo, type TapePosition } from "./tape-position.ts";

/** How to read. */
export interface ReadTapeOptions {
  /** As the user calls it. */
  name: string;
  /** Bytes of a read; 0 finds out. In fixed block mode it is made a multiple of the drive's block. */
  blockBytes: number;
  position: TapePosition;
  /** Read one file of the tape, and no volumes behind it. */
  singleFile?: boolean | undefined;
  /** True when the waiting for a drive is to end. */
  isStopped: () => boolean;
}

/** Offered to the first read: what drives commonly take at most (READ BLOCK LIMITS). Halved when a host adapter refuses it. */
const firstReadBytes = 8 * 1024 * 1024;
/** The largest that drives can name: three bytes of READ BLOCK LIMITS, and of the length in READ (6) (SSC-3). */
const largestBlock = 16 * 1024 * 1024;
const smallestRead = 64 * 1024;
/** In fixed block mode a read takes many blocks at once, about so much. */
const fixedReadBytes = 1024 * 1024;

/**
 * Opens the drive and reads up to the next filemark. Each chunk is the reader's buffer: use it before asking for the next.
 * @throws AceError `medium`
 */
export function* readTape(options: ReadTapeOptions): Generator<Uint8Array, void, undefined> {
  const { name, isStopped } = options;
  const { device, status } = openTape({ path: name, verb: "read", access: "read", isStopped });
  try {
    positionTape(device, name, options.position);
    yield* readBlocks(device, status.fixedBlockBytes, options);
  } finally {
    device.close();
  }
}

/** @throws AceError `medium` when the tape has no such place */
export function positionTape(device: TapeDevice, name: string, position: TapePosition): void {
  try {
    moveTo(device, position);
  } catch (cause) {
    throw new AceError("medium", `Cannot go to the wanted position on ${name}: ${systemState(cause)}`, {
      cause,
      hint: "The tape may have fewer files or blocks than that.",
    });
  }
}

/** The blocks up to the filemark, or to the end of the data. */
export function* readBlocks(
  device: TapeDevice,
  fixedBlockBytes: number,
  { name, blockBytes }: Pick<ReadTapeOptions, "name" | "blockBytes">,
): Generator<Uint8Array, void, undefined> {
  const sizes = new ReadSizes(fixedBlockBytes, blockBytes);
  let buffer = Buffer.alloc(sizes.bytes);
  for (let offset = 0; ; ) {
    let count: number;
    try {
      count = device.read(buffer);
    } catch (cause) {
      if (!sizes.change(cause)) {
        if (isEndOfData(device, cause) && offset > 0) return;
        throw failedRead(device, cause, { name, offset, bytes: buffer.length });
      }
      // st: a block that is larger than the buffer has been passed over.
      if (systemCodeOf(cause) === "ENOMEM") device.operate("backBlocks", 1);
      buffer = Buffer.alloc(sizes.bytes);
      continue;
    }
    // 0 is a filemark: that is where the archive ends.
    if (count === 0) return;
    offset += count;
    yield buffer.subarray(0, count);
  }
}

/** Bytes of a read: larger for larger blocks, smaller for host adapters that take little. */
class ReadSizes {
  bytes: number;
  readonly #isFixed: boolean;
  /** The smallest size that was refused. */
  #refused = largestBlock * 2;

  constructor(fixedBlockBytes: number, wanted: number) {
    this.bytes = sizeOfRead(fixedBlockBytes, wanted);
    this.#isFixed = fixedBlockBytes !== 0;
  }

  /** @returns false when no other size helps against this error */
  change(cause: unknown): boolean {
    const code = systemCodeOf(cause) ?? "";
    if (this.#isFixed) return false;
    if (refusedSizes.includes(code) && this.bytes > smallestRead) {
      this.#refused = this.bytes;
      this.bytes = Math.floor(this.bytes / 2);
      return true;
    }
    if (code !== "ENOMEM" || this.bytes * 2 >= this.#refused) return false;
    this.bytes *= 2;
    return true;
  }
}

function sizeOfRead(fixedBlockBytes: number, wanted: number): number {
  if (fixedBlockBytes === 0) return wanted > 0 ? wanted : firstReadBytes;
  const bytes = wanted > 0 ? wanted : fixedReadBytes;
  return Math.max(fixedBlockBytes, bytes - (bytes % fixedBlockBytes));
}

function isEndOfData(device: TapeDevice, cause: unknown): boolean {
  return systemCodeOf(cause) === "EIO" && device.status()?.endOfData === true;
}

function failedRead(
  device: TapeDevice,
  cause: unknown,
  { name, offset, bytes }: { name: string; offset: number; bytes: number },
): AceError {
  if (isEndOfData(device, cause)) {
    return new AceError("medium", `Cannot read ${name}: the tape is blank from here on`, {
      cause,
      hint: { kind: "elsewhere-on-tape", name },
    });
  }
  const code = systemCodeOf(cause) ?? "";
  if (refusedSizes.includes(code) || code === "ENOMEM") {
    return new AceError(
      "medium",
      `Cannot read ${name} at byte ${offset}: reads of ${bytes} bytes do not fit its blocks or the host adapter`,
      { cause, hint: { kind: "block-size-as-written" } },
    );
  }
  return new AceError("medium", `Cannot read ${name} at byte ${offset}: ${systemState(cause)}`, { cause });
}
