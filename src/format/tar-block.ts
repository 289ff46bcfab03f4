/** One tar header block: its checksum, its numbers and its name, in every dialect that GNU tar, bsdtar and Go write. */
import { AceError } from "../errors.ts";

/** Where in which archive we are, for messages. */
export interface TarPosition {
  /** What the user calls the archive. */
  archive: string;
  /** Bytes from its start. */
  offset: number;
}

/** What is wrong at one byte of an archive; for whoever lists several such places. */
export class TarError extends AceError {
  /** Bytes from the archive's start. */
  readonly offset: number;
  /** The message without its beginning, which names archive and byte. */
  readonly state: string;

  constructor(at: TarPosition, state: string, hint: string | undefined) {
    super(
      "archive",
      `Cannot read archive ${JSON.stringify(at.archive)} at byte ${at.offset}: ${state}`,
      hint === undefined ? {} : { hint },
    );
    this.offset = at.offset;
    this.state = state;
  }
}

/** An error that names the archive and the byte. */
export function tarError(at: TarPosition, state: string, hint?: string): TarError {
  return new TarError(at, state, hint);
}

/** A header block as it stands, before any extension is applied. */
export interface TarBlock {
  name: string;
  sizeBytes: number;
  /** One character; an old NUL is given as `0`. */
  typeflag: string;
}

/**
 * Reads one block of 512 bytes.
 * @returns undefined for a block of zeros, which is half an end marker
 * @throws AceError `archive`: not a tar, wrong checksum, a field that is no number
 */
export function parseTarHeader(block: Uint8Array, at: TarPosition): TarBlock | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  checkSum(block, at);
  const typeflag = block[156] === 0 ? "0" : String.fromCharCode(block[156] ?? 0);
  if (typeflag === "S") {
    throw tarError(
      at,
      "it holds a sparse file, which we do not read",
      "Write it again without tar's option for sparse files.",
    );
  }
  const name = text(block, 0, 100);
  const prefix = prefixOf(block);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    sizeBytes: parseSize(block.subarray(124, 136), at),
    typeflag,
  };
}

/** Signed sums are what some historic tars wrote (POSIX pax, rationale; GNU tar `tar_checksum`). */
function checkSum(block: Uint8Array, at: TarPosition): void {
  let unsigned = 0;
  let signed = 0;
  // A loop: an archive has a hundred thousand of these, and a function called for each byte takes five times as long.
  for (let index = 0; index < block.length; index++) {
    const value = index >= 148 && index < 156 ? 0x20 : (block[index] ?? 0);
    unsigned += value;
    signed += value < 128 ? value : value - 256;
  }
  const stored = parseOctal(text(block, 148, 8));
  if (stored === unsigned || stored === signed) return;
  if (at.offset === 0 && text(block, 257, 5) !== "ustar") {
    throw tarError(at, "it is not a tar archive", "We read plain tar, and tar in gzip or zstd.");
  }
  throw tarError(
    at,
    `the header's checksum is wrong (it says ${stored === undefined ? "nothing" : stored}, its bytes give ${unsigned})`,
    "The archive is damaged here, or was written over: copy it again.",
  );
}

/** POSIX ustar has 155 bytes of prefix; star keeps times behind 131 of them; GNU has none. */
function prefixOf(block: Uint8Array): string {
  if (!(text(block, 257, 5) === "ustar" && block[262] === 0)) return "";
  return text(block, 345, text(block, 508, 4) === "tar" ? 131 : 155);
}

/** Octal text, or (GNU, star) a big-endian number with the top bit set. */
function parseSize(field: Uint8Array, at: TarPosition): number {
  const first = field[0] ?? 0;
  let size: number | undefined;
  if ((first & 0x80) !== 0) {
    let big = BigInt(first & 0x7f);
    for (const byte of field.subarray(1)) big = (big << 8n) | BigInt(byte);
    // 0xff starts a negative number; nothing has a negative size.
    if (first === 0xff || big > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw tarError(at, "an entry claims a size beyond what is possible", "The archive is damaged here.");
    }
    size = Number(big);
  } else {
    size = parseOctal(text(field, 0, field.length));
  }
  if (size === undefined)
    throw tarError(at, "an entry's size is not a number", "The archive is damaged here.");
  return size;
}

/** Digits between blanks; an empty field is 0, as every reader takes it. */
function parseOctal(field: string): number | undefined {
  const digits = field.trim();
  if (digits === "") return 0;
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

const utf8 = new TextDecoder();

/** Text up to the first NUL. */
function text(bytes: Uint8Array, offset: number, length: number): string {
  const field = bytes.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return utf8.decode(end < 0 ? field : field.subarray(0, end));
}

/**
 * Checks that what follows the end marker is only padding.
 * @param bytes any length, found at `at.offset`
 * @throws AceError `archive` naming the first byte that is not zero
 */
export function checkZeroTail(bytes: Uint8Array, at: TarPosition): void {
  const garbage = bytes.findIndex((byte) => byte !== 0);
  if (garbage < 0) return;
  throw tarError(
    { archive: at.archive, offset: at.offset + garbage },
    "something follows the end of the archive",
    "A second archive was probably appended to the first; cut them apart, or write a new file.",
  );
}
