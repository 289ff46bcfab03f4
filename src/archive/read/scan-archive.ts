/** The entries of an archive as far as they can be found: a damaged place is told, and the search goes on behind it. */

import { AceError } from "../../errors.ts";
import { classifyEntry, type EntryRole } from "../../format/entry-name.ts";
import { parseTarHeader, TarError } from "../../format/tar-block.ts";
import { tarBlockBytes } from "../../format/tar-header.ts";
import { type TarFound, TarScanner } from "../../format/tar-reader.ts";
import type { ArchiveSource } from "./archive-source.ts";
import { HeaderReader } from "./header-reader.ts";

/** What can be wrong with an archive as a tar. */
export type ScanFault = {
  kind: "fault";
  /** `header` damaged, `name` not allowed, `cut` before its end, `trailing` bytes behind it, `stream` no longer readable. */
  fault: "header" | "name" | "cut" | "trailing" | "stream";
  /** Bytes from the (unpacked) archive's start; undefined where the packed stream cannot be read. */
  offset: number | undefined;
  message: string;
};

/** An entry, or what is wrong at a place. */
export type ScanStep = { kind: "entry"; entry: TarFound; role: EntryRole } | ScanFault;

/** Bytes looked at a time for a header, and behind the end marker. */
const stepBytes = 1024 * 1024;

/**
 * Yields entries and faults in order; the caller claims or reads a body before it asks for the next step. Goes on to the source's end.
 * @throws AceError `medium` when the source cannot be read, `stopped`; nothing for what is wrong with the archive
 */
export async function* scanArchive(source: ArchiveSource): AsyncGenerator<ScanStep, void, undefined> {
  const headers = new HeaderReader(source);
  let scanner = new TarScanner({ archive: source.name });
  for (;;) {
    const { offset, lengthBytes } = scanner.want;
    const bytes = await unlessDamaged(headers.read(offset, lengthBytes), source);
    if (!(bytes instanceof Uint8Array)) return yield bytes;
    const isShort = bytes.length < lengthBytes;
    const step = pushed(() =>
      isShort ? scanner.endOfInput(source.totalBytes ?? source.position()) : scanner.push(bytes),
    );
    if (step instanceof TarError) {
      if (isShort) return yield { kind: "fault", fault: "cut", offset: step.offset, message: step.state };
      const next = await unlessDamaged(findHeader(source, offset), source);
      yield damagedHeader(step, next);
      if (typeof next === "object") yield next;
      if (typeof next !== "number") return;
      scanner = new TarScanner({ archive: source.name, startOffset: next });
    } else if (step.kind === "entry") {
      const cut = cutBody(step, source);
      if (cut !== undefined) return yield cut;
      yield named(step);
    } else if (step.kind === "end") {
      const trailing = await unlessDamaged(trailingBytes(source, step.offset), source);
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

/** Runs a read; a compressed stream that breaks off is a fault of the archive. */
async function unlessDamaged<Result>(
  reading: Promise<Result>,
  { name }: ArchiveSource,
): Promise<Result | ScanFault> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof AceError) || error.code !== "archive") throw error;
    // Which archive it is stands in a field of its own.
    const starts = [`Cannot read archive ${JSON.stringify(name)}: `, `Cannot read ${name}: `];
    const start = starts.find((text) => error.message.startsWith(text)) ?? "";
    return { kind: "fault", fault: "stream", offset: undefined, message: error.message.slice(start.length) };
  }
}

function named(entry: TarFound): ScanStep {
  try {
    return { kind: "entry", entry, role: classifyEntry(entry.name) };
  } catch (error) {
    if (!(error instanceof AceError)) throw error;
    return { kind: "fault", fault: "name", offset: entry.headerOffset, message: error.message };
  }
}

/** A body that goes beyond the end of a file; in a stream the end is met later. */
function cutBody({ name, sizeBytes, bodyOffset }: TarFound, source: ArchiveSource): ScanFault | undefined {
  const { totalBytes } = source;
  if (totalBytes === undefined || bodyOffset + sizeBytes <= totalBytes) return undefined;
  return {
    kind: "fault",
    fault: "cut",
    offset: totalBytes,
    message: `the archive ends in the middle of entry ${JSON.stringify(name)}, which goes on to byte ${bodyOffset + sizeBytes}: it is incomplete`,
  };
}

function damagedHeader(error: TarError, next: number | ScanFault | undefined): ScanFault {
  const further =
    typeof next === "number"
      ? `${next - error.offset} bytes are passed over, up to the next header, at byte ${next}`
      : "no header follows";
  return {
    kind: "fault",
    fault: "header",
    offset: error.offset,
    message: `${error.state}; ${further}`,
  };
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

/** Reads to the end. */
async function trailingBytes(source: ArchiveSource, end: number): Promise<ScanFault | undefined> {
  let first: number | undefined;
  for (let offset = end; ; ) {
    const bytes = await source.read(offset, stepBytes);
    if (first === undefined) {
      const at = bytes.findIndex((byte) => byte !== 0);
      if (at >= 0) first = offset + at;
    }
    offset += bytes.length;
    if (bytes.length < stepBytes) {
      if (first === undefined) return undefined;
      const message = `something follows the end of the archive, in the last ${offset - first} bytes: probably a second archive was appended`;
      return { kind: "fault", fault: "trailing", offset: first, message };
    }
    await source.discard(offset);
  }
}
