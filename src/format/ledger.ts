/** Reads and formats the checkpoint ledger: one descriptor a line, with the archive offset that holds it (docs/serialize.md). */
import { createReadStream } from "node:fs";
import * as v from "valibot";
import { AceError, systemState } from "../errors.ts";
import * as annotationKeys from "../oci/annotations.ts";
import { type Descriptor, descriptorSchema, orderedDescriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { goJson } from "../oci/go-json.ts";

/** A thing that is in the archive when the archive's first `offset` bytes are. */
export interface LedgerEntry {
  /** Without the offset annotation. */
  descriptor: Descriptor;
  /** Bytes of archive stream needed to recover it: after its padding. */
  offset: number;
}

/** Where among volumes an entry's last byte is: those of a tape have files and blocks, as MTSEEK counts. */
export interface VolumePosition {
  volume: number;
  file: number | undefined;
  block: number | undefined;
}

/** An entry that is to be written. */
export interface PlacedEntry extends LedgerEntry {
  position?: VolumePosition | undefined;
}

/** An entry with its line. */
export interface LedgerLine extends LedgerEntry {
  /** From 1. */
  lineNumber: number;
  /** Where the next line begins in the file. */
  endBytes: number;
  /** False for a last line whose newline is missing. */
  terminated: boolean;
}

/** What {@link readLedger} found. */
export interface Ledger {
  /** In file order; a digest may come more than once. */
  entries: readonly LedgerEntry[];
  digests: ReadonlySet<Digest>;
  /** Sentences for the log: a torn last line that was left out. */
  notices: readonly string[];
}

/** A descriptor may carry a whole source index as an annotation, and manifests have up to 8 MiB. Characters. */
const lineLimit = 32 * 1024 * 1024;

/** One line, without its newline, as the original writes it; with annotations of ours when the archive is in volumes. */
export function formatLedgerLine({ descriptor, offset, position }: PlacedEntry): string {
  const annotations: Record<string, string> = {
    ...descriptor.annotations,
    [annotationKeys.ledgerOffset]: String(offset),
  };
  if (position !== undefined) annotations[annotationKeys.ledgerVolume] = String(position.volume);
  if (position?.file !== undefined) annotations[annotationKeys.ledgerFile] = String(position.file);
  if (position?.block !== undefined) annotations[annotationKeys.ledgerBlock] = String(position.block);
  return goJson(orderedDescriptor({ ...descriptor, annotations }));
}

/**
 * Reads the entries that lie within the first `throughOffset` bytes of the archive.
 * The file is streamed; only the entries that count are kept.
 * @throws AceError `input` naming file and line; a last line without a newline may be broken (the writer was killed)
 */
export async function readLedger(path: string, throughOffset: number): Promise<Ledger> {
  const entries: LedgerEntry[] = [];
  const notices: string[] = [];
  for await (const entry of ledgerEntries(path, (notice) => notices.push(notice))) {
    if (entry.offset <= throughOffset) entries.push(entry);
  }
  return { entries, digests: new Set(entries.map(({ descriptor }) => descriptor.digest)), notices };
}

/**
 * The entries of a ledger in file order, one after another; none is kept.
 * @param onNotice takes a sentence about a torn last line, which is left out
 * @param linesBefore lines in front of the first entry, as a volume's catalogue has them
 * @throws AceError as {@link readLedger}
 */
export async function* ledgerEntries(
  path: string,
  onNotice: (notice: string) => void,
  linesBefore = 0,
): AsyncGenerator<LedgerLine, void, undefined> {
  let lineNumber = 0;
  let endBytes = 0;
  for await (const { line, terminated } of linesOf(path)) {
    lineNumber += 1;
    endBytes += Buffer.byteLength(line) + 1;
    if (lineNumber <= linesBefore || line.trim() === "") continue;
    const result = parseLine(line);
    if (typeof result !== "string") yield { ...result, lineNumber, endBytes, terminated };
    else if (terminated) throw badLine(path, lineNumber, result);
    else onNotice(`checkpoint ${path}:${lineNumber} is torn and left out: its writer was stopped`);
  }
}

function badLine(path: string, lineNumber: number, state: string): AceError {
  return new AceError("input", `Cannot read checkpoint ${path}:${lineNumber}: ${state}`, {
    hint: "Give the checkpoint that was written with the archive, as FILE:OFFSET.",
  });
}

/** The entry, or what is wrong with the line. */
function parseLine(line: string): LedgerEntry | string {
  const result = v.safeParse(
    v.pipe(v.string(), v.parseJson(undefined, "it is not JSON"), descriptorSchema),
    line,
  );
  if (!result.success) {
    const issue = result.issues[0];
    const field = v.getDotPath(issue);
    return field === null ? issue.message : `${field}: ${issue.message}`;
  }
  const {
    [annotationKeys.ledgerOffset]: text,
    [annotationKeys.ledgerVolume]: _volume,
    [annotationKeys.ledgerFile]: _file,
    [annotationKeys.ledgerBlock]: _block,
    ...annotations
  } = result.output.annotations ?? {};
  const offset = text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(offset)) {
    return `annotation ${annotationKeys.ledgerOffset} is ${text === undefined ? "missing" : "no byte count"}`;
  }
  const descriptor = {
    ...result.output,
    annotations: Object.keys(annotations).length === 0 ? undefined : annotations,
  };
  return { descriptor, offset };
}

/** Lines with or without their newline; node:readline cannot tell the two apart, and has no limit. */
async function* linesOf(path: string): AsyncGenerator<{ line: string; terminated: boolean }> {
  let rest = "";
  try {
    for await (const chunk of createReadStream(path, { encoding: "utf8", highWaterMark: 256 * 1024 })) {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) yield { line, terminated: true };
      if (rest.length > lineLimit)
        throw new AceError("input", `Cannot read checkpoint ${path}: a line has no end`);
    }
  } catch (cause) {
    if (cause instanceof AceError) throw cause;
    throw new AceError("input", `Cannot read checkpoint ${path}: ${systemState(cause)}`, { cause });
  }
  if (rest !== "") yield { line: rest, terminated: false };
}
