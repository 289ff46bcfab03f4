/**
 * The catalogue of a volume: which part of which set it holds, the hashes of its bytes, and what is in them. Lines of JSON; on a tape a
 * file of its own behind the data, beside a volume that is a file `NAME.catalogue`.
 *
 *     {"aceDtCatalogue":1,"set":"3f9a1c07d2b84e65","name":"sync-45","volume":1,"last":false,"offset":0,"bytes":2147483648,...}
 *     {"segment":0,"sha256":"..."}        one for each gigabyte of the volume, in order
 *     {"mediaType":...}                   the checkpoint's lines of what ends in this volume
 *
 * It has no time and no host in it: the same archive on the same cartridges is the same bytes, also when it was interrupted.
 */
import * as v from "valibot";
import { type AceError, cannotRead } from "../../errors.ts";
import type { Volume } from "./volume.ts";

/** What begins a catalogue, and nothing else. */
const magic = '{"aceDtCatalogue":';

const version = 1;

/**
 * Each so many bytes of a volume have a hash of their own, from the volume's beginning on; the last ones may be fewer. A hash of it all
 * could not be gone on with after an interruption other than by reading all of it again.
 */
export const segmentBytes = 1024 * 1024 * 1024;

/** Bytes of a block that holds a piece of a catalogue, at most: it must find room behind the early warning of a tape. */
export const catalogueBlockBytes = 64 * 1024;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

const labelSchema = v.object({
  aceDtCatalogue: v.literal(version),
  set: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
  name: v.string(),
  volume: positive,
  last: v.boolean(),
  offset: count,
  bytes: count,
  blockBytes: positive,
  segmentBytes: positive,
  file: v.optional(count),
  block: v.optional(count),
});

/** A volume that is whole, as the first line of its catalogue has it. */
export interface VolumeLabel extends Volume {
  /** What the archive is called, for people. */
  name: string;
  /** True when the archive ends with it. */
  last: boolean;
  /** How many bytes of the archive are here. */
  bytes: number;
  /** Bytes of each block but the last. */
  blockBytes: number;
  /** Bytes that have a hash of their own, from its beginning on; {@link segmentBytes} in all that we write. */
  segmentBytes: number;
  /** On a tape: number of the file that has the data, and the block at which it begins, as MTSEEK counts. */
  file?: number | undefined;
  block?: number | undefined;
}

/** A catalogue without what is in the archive. */
export interface Catalogue {
  label: VolumeLabel;
  /** SHA-256 of each {@link VolumeLabel.segmentBytes} of the volume, in hexadecimal. */
  segments: readonly string[];
}

/** The lines in front of the checkpoint's, each with its newline. */
export function* formatCatalogue({ label, segments }: Catalogue): Generator<string, void, undefined> {
  const { set, name, volume, last, offset, bytes, blockBytes, file, block } = label;
  const head = { aceDtCatalogue: version, set, name, volume, last, offset, bytes, blockBytes };
  // What is undefined is left out.
  yield `${JSON.stringify({ ...head, segmentBytes: label.segmentBytes, file, block })}\n`;
  for (const [segment, sha256] of segments.entries()) yield `${JSON.stringify({ segment, sha256 })}\n`;
}

/** True when bytes begin as a catalogue does. */
export function isCatalogue(bytes: Uint8Array): boolean {
  return (
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1", 0, magic.length) ===
    magic
  );
}

/**
 * The label in a catalogue's first block.
 * @param bytes may have more lines behind
 * @param name of the tape or file, for messages
 * @returns undefined when it is no catalogue
 * @throws AceError `archive` for one that is damaged, or of a later version of this program
 */
export function readLabel(bytes: Uint8Array, name: string): VolumeLabel | undefined {
  if (!isCatalogue(bytes)) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  return parseLabel(text.slice(0, text.indexOf("\n") < 0 ? undefined : text.indexOf("\n")), name);
}

function parseLabel(line: string, name: string): VolumeLabel {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(undefined, "it is not JSON"), labelSchema), line);
  if (result.success) {
    const { aceDtCatalogue: _, ...label } = result.output;
    return label;
  }
  const issue = result.issues[0];
  const field = v.getDotPath(issue);
  if (field === "aceDtCatalogue") {
    throw unreadable(name, "a later version of this program wrote it");
  }
  throw unreadable(name, `${field === null ? "" : `${field}: `}${issue.message}`);
}

const segmentSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ segment: count, sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) }),
);

/**
 * A whole catalogue, but for what is in the archive.
 * @param text lines of JSON; what pads the last block (newlines) may follow
 * @throws AceError `archive` when it is none, or damaged
 */
export function parseCatalogue(text: string, name: string): Catalogue {
  const lines = text.split("\n");
  if (!text.startsWith(magic)) throw unreadable(name, "it does not begin as one");
  const label = parseLabel(lines[0] ?? "", name);
  const wanted = Math.ceil(label.bytes / label.segmentBytes);
  const segments: string[] = [];
  for (const line of lines.slice(1, 1 + wanted)) {
    const result = v.safeParse(segmentSchema, line);
    if (!result.success || result.output.segment !== segments.length) break;
    segments.push(result.output.sha256);
  }
  if (segments.length === wanted) return { label, segments };
  throw unreadable(name, `it has hashes of ${segments.length} segments, and the volume has ${wanted}`);
}

function unreadable(name: string, state: string): AceError {
  return cannotRead("archive", `the catalogue of ${name}`, state);
}

/** `volume 2 of set 3f9a1c07d2b84e65 (sync-45)` */
export function formatLabel({ volume, set, name }: Pick<VolumeLabel, "volume" | "set" | "name">): string {
  return `volume ${volume} of set ${set} (${name})`;
}
