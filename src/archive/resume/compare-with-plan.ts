/** Compares what is in a file with the archive that is planned for it, and tells a torn end from another archive. */
import { setImmediate } from "node:timers/promises";
import { AceError } from "../../errors.ts";
import { classifyEntry } from "../../format/entry-name.ts";
import { type IndexJson, parseIndexJson } from "../../format/layout-json.ts";
import { parseTarHeader, type TarBlock } from "../../format/tar-block.ts";
import { tarBlockBytes } from "../../format/tar-header.ts";
import { TarScanner } from "../../format/tar-reader.ts";
import * as annotationKeys from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { FrameMark } from "../../pool/frames/compressors.ts";
import type { KeptPart } from "../../pool/jobs.ts";
import { type ArchivePlan, pieceEnd } from "../plan/archive-plan.ts";

/** An archive that is perhaps not whole, read from its front on. Offsets are those of the (unpacked) tar. */
export interface WrittenArchive {
  /** Up to `length` bytes from `offset` on; fewer where what is good ends. The caller's. Within the first MiB offsets may go back. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * Hashes a blob, unless it is known to be good. It may go on after this resolves: see {@link goodEnd}.
   * @returns how many of its bytes are there; 0 when it is known already that it, or one before it, is bad
   */
  check(blob: Descriptor, offset: number): Promise<number>;
  /**
   * Waits for what {@link check} began.
   * @returns where the first bad blob begins, or where one that turned out to be cut ends; Infinity when all are whole and good
   */
  goodEnd(): Promise<number>;
  /** Where a part of a blob is that {@link kept} says can stay, for a job; undefined when no job can read it. */
  placeOf(offset: number, bytes: number): KeptPart["place"] | undefined;
  /** How much of the file can stay when the archive's first `verified` bytes are good. */
  kept(verified: number): FrameMark;
  /** The frames up to there; none in a plain tar. */
  readonly marks: readonly FrameMark[];
  /** Blobs hashed so far, and those that a checkpoint vouches for. */
  readonly hashed: number;
  readonly vouched: number;
}

/** Reading a file by position waits for nothing else: after so long everything else gets its turn, a signal too. */
const turnMs = 50;

/**
 * Reads as far as the file is what it should be: headers, manifests and index.json byte for byte, blobs by their hash.
 * A kill leaves a file that ends early; a power cut may also leave pages in it that were never written, full of zeros or of
 * something older. So what does not match is the end of what is good; but a sound header of another entry is another archive.
 * @param path of the file, for messages
 * @returns bytes of the (unpacked) archive that are good. When they end inside of a blob, what there is of it is not verified: its hash
 *   is that of all of it
 * @throws AceError `input` when something else is in the file
 */
export async function compareWithPlan(
  plan: ArchivePlan,
  written: WrittenArchive,
  path: string,
  signal: AbortSignal,
): Promise<number> {
  if (!(await isFrontThere(plan, written, path))) return 0;
  let good = 0;
  let turnAt = performance.now();
  for (const piece of plan.pieces()) {
    if (performance.now() - turnAt > turnMs) {
      await setImmediate();
      turnAt = performance.now();
    }
    signal.throwIfAborted();
    if (piece.kind === "blob") {
      const there = await written.check(piece.descriptor, piece.offset);
      good = piece.offset + there;
      if (there < piece.descriptor.size) break;
      continue;
    }
    const found = await written.read(piece.offset, piece.bytes.length);
    if (!same(found, piece.bytes)) {
      checkEntry(found, piece.bytes, path, piece.offset);
      break;
    }
    good = pieceEnd(piece);
  }
  const goodEnd = await written.goodEnd();
  signal.throwIfAborted();
  return Math.min(good, goodEnd);
}

/** The front of an archive names its root. @returns false when nothing of it, or its beginning only, reached the disk */
async function isFrontThere(plan: ArchivePlan, written: WrittenArchive, path: string): Promise<boolean> {
  const front = frontOf(plan);
  const found = await written.read(0, front.length);
  if (same(found, front)) return true;
  if (same(found, front.subarray(0, found.length))) return false;
  const there = await readIndex((offset, length) => written.read(offset, length), path);
  const wanted = await readIndex(async (offset, length) => front.subarray(offset, offset + length), path);
  if (there === undefined || wanted === undefined) throw another(path, "something else is in it");
  throw another(path, difference(there, wanted));
}

/** `oci-layout` and the first `index.json`, as planned. */
function frontOf(plan: ArchivePlan): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const piece of plan.pieces()) {
    if (parts.length === 2 || piece.kind === "blob") break;
    parts.push(piece.bytes);
  }
  return Buffer.concat(parts);
}

/** Entries among which index.json is looked for; in archives of ours it is the second. */
const fewEntries = 4;
/** Larger ones name many manifests, as the first of an archive never does. Bytes. */
const indexLimit = 1024 * 1024;

/** The first index.json of a tar; undefined when the bytes are none, or no OCI archive's. */
async function readIndex(
  read: (offset: number, length: number) => Promise<Uint8Array>,
  path: string,
): Promise<IndexJson | undefined> {
  const scanner = new TarScanner({ archive: path });
  try {
    for (let entries = 0; entries < fewEntries; ) {
      const { offset, lengthBytes } = scanner.want;
      const bytes = await read(offset, lengthBytes);
      if (bytes.length < lengthBytes) return undefined;
      const step = scanner.push(bytes);
      if (step.kind === "end") return undefined;
      if (step.kind !== "entry") continue;
      entries++;
      if (classifyEntry(step.name).kind !== "index" || step.sizeBytes > indexLimit) continue;
      return parseIndexJson(await read(step.bodyOffset, step.sizeBytes), path);
    }
  } catch (error) {
    if (!(error instanceof AceError) || error.code !== "archive") throw error;
  }
  return undefined;
}

/** What two archives differ in, by their first index.json. */
function difference(there: IndexJson, wanted: IndexJson): string {
  if (there.root.digest !== wanted.root.digest)
    return `it holds an archive of ${there.root.digest}, and this run is to write one of ${wanted.root.digest}: the image has changed, or it is another one`;
  if (there.tag !== wanted.tag) return `its tag is ${there.tag}, and this run's is ${wanted.tag}`;
  const [before, now] = [there, wanted].map(({ annotations }) => annotations[annotationKeys.dataVersion]);
  if (before !== now)
    return `version ${before} of this program began it, and version ${now} writes other bytes`;
  return "its index.json is another than this run's";
}

/** A header that is sound, and not the one that belongs there, is no damage. @throws AceError `input` */
function checkEntry(found: Uint8Array, wanted: Uint8Array, path: string, offset: number): void {
  const [there, planned] = [found, wanted].map((bytes) => headerOf(bytes, path, offset));
  if (there === undefined || planned === undefined) return;
  if (there.name === planned.name && there.sizeBytes === planned.sizeBytes) return;
  throw another(
    path,
    `at byte ${offset} it has ${there.name} (${there.sizeBytes} bytes), and this run is to write ${planned.name} (${planned.sizeBytes} bytes) there: it was begun with other images, checkpoints or flags`,
  );
}

/** The header that bytes begin with, if it is one. */
function headerOf(bytes: Uint8Array, archive: string, offset: number): TarBlock | undefined {
  if (bytes.length < tarBlockBytes) return undefined;
  try {
    return parseTarHeader(bytes.subarray(0, tarBlockBytes), { archive, offset });
  } catch (error) {
    if (error instanceof AceError && error.code === "archive") return undefined;
    throw error;
  }
}

function another(path: string, state: string): AceError {
  return new AceError("input", `Cannot resume ${path}: ${state}`, {
    hint: { kind: "replace", written: "file" },
  });
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
