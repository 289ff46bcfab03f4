/**
 * The one way through an archive: its entries in order, each with its role, and what is wrong with it as a tar.
 *
 * Every verb that reads archives walks here, so that the same archive gets the same verdict from each. They differ in their policy alone:
 * who pushes ends at the first fault, who looks for faults is told each and goes on behind it.
 */
import { setImmediate } from "node:timers/promises";
import { AceError } from "../../errors.ts";
import { classifyEntry, type EntryRole } from "../../format/entry-name.ts";
import { checkZeroTail, parseTarHeader, TarError, tarError } from "../../format/tar-block.ts";
import { tarBlockBytes } from "../../format/tar-header.ts";
import { type TarFound, TarScanner } from "../../format/tar-reader.ts";
import type { FaultKind } from "./archive-faults.ts";
import type { ArchiveSource } from "./archive-source.ts";
import { HeaderReader } from "./header-reader.ts";

/**
 * - `strict` the order of entries that serialize writes and no other, and the first fault ends it
 * - `lenient` any order; the first fault ends it
 * - `salvage` faults are told, and the walk goes on behind them
 */
export type ReadPolicy = "strict" | "lenient" | "salvage";

/** What is wrong at a place. */
export interface FoundFault {
  fault: FaultKind;
  /** Bytes from the (unpacked) archive's start; undefined where the packed stream cannot be read. */
  offset: number | undefined;
  /** What is wrong, without archive and byte. */
  message: string;
  /** The same for whom the fault ends. */
  error: AceError;
}

/** An entry, or what is wrong at a place. */
export type WalkStep =
  | { kind: "entry"; entry: TarFound; role: EntryRole }
  | ({ kind: "fault"; fault: "header" | "name" | "cut" | "trailing" | "stream" } & FoundFault);

type WalkFault = Extract<WalkStep, { kind: "fault" }>;

/** Bytes looked at a time for a header, and behind the end marker. */
const stepBytes = 1024 * 1024;

/** Entries looked at before whatever else waits has a turn: some milliseconds. */
const stepsInARow = 1000;

/**
 * Yields entries, and with `salvage` faults, in order; the caller claims or reads a body before it asks for the next step. Goes on to
 * the source's end, so that a pipe's writer is not cut off and nothing hides behind the archive.
 * @throws AceError `medium` when the source cannot be read, `stopped`; but with `salvage` also `archive` for the first fault
 */
export async function* walkArchive(
  source: ArchiveSource,
  policy: ReadPolicy,
): AsyncGenerator<WalkStep, void, undefined> {
  let steps = 0;
  for await (const step of scan(source, policy === "salvage")) {
    // What is read from memory or a disk never lets signals and timers have their turn.
    if (++steps % stepsInARow === 0) await setImmediate();
    if (step.kind === "fault" && policy !== "salvage") throw step.error;
    yield step;
  }
}

/** How many entries come before the first fault, and the fault. Of what cannot be read by position nothing is read. */
export async function lookThrough(source: ArchiveSource): Promise<{ entries: number; fault?: FoundFault }> {
  if (!source.seekable) return { entries: 0 };
  let entries = 0;
  for await (const step of walkArchive(source, "salvage")) {
    if (step.kind === "fault") return { entries, fault: step };
    entries++;
  }
  return { entries };
}

/** @param searches looks behind a damaged header for the next one */
async function* scan(source: ArchiveSource, searches: boolean): AsyncGenerator<WalkStep, void, undefined> {
  const headers = new HeaderReader(source);
  let scanner = new TarScanner({ archive: source.name });
  for (;;) {
    const { offset, lengthBytes } = scanner.want;
    const bytes = await unlessDamaged(headers.read(offset, lengthBytes));
    if (!(bytes instanceof Uint8Array)) return yield bytes;
    const isShort = bytes.length < lengthBytes;
    const step = pushed(() =>
      isShort ? scanner.endOfInput(source.totalBytes ?? source.position()) : scanner.push(bytes),
    );
    if (step instanceof TarError) {
      if (isShort || !searches) return yield faultOf(step, isShort ? "cut" : "header");
      const next = await unlessDamaged(findHeader(source, offset));
      yield damagedHeader(step, next);
      if (typeof next === "object") yield next;
      if (typeof next !== "number") return;
      scanner = new TarScanner({ archive: source.name, startOffset: next });
    } else if (step.kind === "entry") {
      const cut = cutBody(step, source);
      if (cut !== undefined) return yield cut;
      yield named(step);
    } else if (step.kind === "end") {
      const trailing = await unlessDamaged(trailingBytes(source, step.offset));
      if (trailing !== undefined) yield trailing;
      return;
    }
  }
}

function pushed<Step>(push: () => Step): Step | TarError {
  try {
    return push();
  } catch (error) {
    if (error instanceof TarError) return error;
    throw error;
  }
}

function faultOf(error: TarError, fault: WalkFault["fault"], message = error.state): WalkFault {
  return { kind: "fault", fault, offset: error.offset, message, error };
}

/** Runs a read; a compressed stream that breaks off is a fault of the archive. */
async function unlessDamaged<Result>(reading: Promise<Result>): Promise<Result | WalkFault> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof AceError) || error.code !== "archive") throw error;
    const message = error.unreadable?.state ?? error.message;
    return { kind: "fault", fault: "stream", offset: undefined, message, error };
  }
}

function named(entry: TarFound): WalkStep {
  try {
    return { kind: "entry", entry, role: classifyEntry(entry.name) };
  } catch (error) {
    if (!(error instanceof AceError)) throw error;
    return { kind: "fault", fault: "name", offset: entry.headerOffset, message: error.message, error };
  }
}

/** A body that goes beyond the end of a file; in a stream the end is met later. */
function cutBody({ name, sizeBytes, bodyOffset }: TarFound, source: ArchiveSource): WalkFault | undefined {
  const { totalBytes } = source;
  if (totalBytes === undefined || bodyOffset + sizeBytes <= totalBytes) return undefined;
  return faultOf(
    tarError(
      { archive: source.name, offset: totalBytes },
      `the archive ends in the middle of entry ${JSON.stringify(name)}, which goes on to byte ${bodyOffset + sizeBytes}: it is incomplete`,
      "Copy it again, or finish writing it: everything before this byte is good.",
    ),
    "cut",
  );
}

function damagedHeader(error: TarError, next: number | WalkFault | undefined): WalkFault {
  const further =
    typeof next === "number"
      ? `${next - error.offset} bytes are passed over, up to the next header, at byte ${next}`
      : "no header follows";
  return faultOf(error, "header", `${error.state}; ${further}`);
}
/** What is no tar at all is not searched to its end. Bytes. */
const searchAtStart = 1024 * 1024;

/** The place of the next header behind a damaged one, that of an entry as OCI archives have. */
async function findHeader(source: ArchiveSource, damaged: number): Promise<number | undefined> {
  for (let offset = damaged + tarBlockBytes; ; ) {
    const bytes = await source.read(offset, stepBytes);
    for (let at = 0; at + tarBlockBytes <= bytes.length; at += tarBlockBytes) {
      if (isOurHeader(bytes.subarray(at, at + tarBlockBytes), offset + at)) return offset + at;
    }
    offset += bytes.length;
    if (bytes.length < stepBytes || (damaged === 0 && offset > searchAtStart)) return undefined;
    await source.discard(offset);
  }
}

/** Layers are tars themselves: only a name that an archive's entry has makes a header one of the archive's. */
function isOurHeader(block: Uint8Array, offset: number): boolean {
  // "ustar" (POSIX pax, "ustar Header Block"): spares adding up most blocks.
  if (block[257] !== 0x75 || block[258] !== 0x73 || block[261] !== 0x72) return false;
  const header = pushed(() => parseTarHeader(block, { archive: "", offset }));
  if (header === undefined || header instanceof TarError) return false;
  if (header.typeflag === "x") return header.name.startsWith("blobs/");
  const step = /[05]/.test(header.typeflag) ? header.name : "";
  return /^(?:\.\/)?(?:oci-layout|index\.json|manifest\.json|blobs\/?|blobs\/[a-z0-9]+\/(?:[0-9a-f]+)?)$/.test(
    step,
  );
}

/** Reads to the end. Behind the archive only zeros may follow. */
async function trailingBytes(source: ArchiveSource, end: number): Promise<WalkFault | undefined> {
  let first: TarError | undefined;
  for (let offset = end; ; ) {
    const bytes = await source.read(offset, stepBytes);
    const at = { archive: source.name, offset };
    first ??= pushed(() => checkZeroTail(bytes, at)) ?? undefined;
    offset += bytes.length;
    if (bytes.length < stepBytes) {
      if (first === undefined) return undefined;
      const where = `in the last ${offset - first.offset} bytes: probably a second archive was appended`;
      return faultOf(first, "trailing", `${first.state}, ${where}`);
    }
    await source.discard(offset);
  }
}
