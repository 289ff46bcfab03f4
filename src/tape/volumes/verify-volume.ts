/** Reads a volume back that has just been written, and compares it with what was meant to be on it. */
import { closeSync, openSync } from "node:fs";
import { AceError, systemState } from "../../errors.ts";
import { dropCached } from "../../system/system-calls.ts";
import type { VolumeLabel } from "../catalogue/catalogue.ts";
import { SegmentHasher } from "../catalogue/segment-hasher.ts";
import { openTape } from "../drive/open-tape.ts";
import { labelHere } from "../drive/read-label.ts";
import { readBlocks } from "../drive/read-tape.ts";
import type { TapeDevice } from "../drive/tape-device.ts";
import { moveTo } from "../drive/tape-position.ts";
import { readFully } from "../medium/read-fully.ts";

/** Read at a time from a file. Bytes. */
const stepBytes = 1024 * 1024;

/** What was written, and where. */
export interface WrittenLabel<Label = VolumeLabel> {
  /** The drive, or the volume's file. */
  name: string;
  label: Label;
  segments: readonly string[];
}

/** What is compared. */
type Extent = Pick<VolumeLabel, "volume" | "offset" | "bytes" | "segmentBytes">;

/**
 * @param isStopped true when the reading is to end
 * @throws AceError `digest` when other bytes come back, `medium` when they cannot be read, `stopped`
 */
export function verifyTape(written: WrittenLabel, isStopped: () => boolean): void {
  const { name } = written;
  const { device, status } = openTape({ path: name, verb: "read back", access: "read", isStopped });
  try {
    verifyDevice(device, status.fixedBlockBytes, written, isStopped);
  } finally {
    device.close();
  }
}

/** {@link verifyTape} on an open drive, which stays open. The tape stands behind the catalogue then. */
export function verifyDevice(
  device: TapeDevice,
  fixedBlockBytes: number,
  { name, label, segments }: WrittenLabel,
  isStopped: () => boolean,
): void {
  const { block, file } = label;
  if (block === undefined && file === undefined) {
    throw new AceError("medium", `Cannot read ${name} back: the drive does not tell where it began to write`);
  }
  moveBack(device, name, block, file);
  const check = new Comparison(label, segments, name);
  for (const chunk of readBlocks(device, fixedBlockBytes, { name, blockBytes: label.blockBytes }))
    check.take(chunk, isStopped);
  check.end();
  const found = labelHere(device, name);
  if (found?.set !== label.set || found.volume !== label.volume || found.bytes !== label.bytes)
    throw differs(name, label, "its catalogue is not there");
  device.operate("forwardFiles", 1);
}

function moveBack(
  device: TapeDevice,
  name: string,
  block: number | undefined,
  file: number | undefined,
): void {
  try {
    moveTo(
      device,
      block === undefined ? { kind: "file", number: file ?? 0 } : { kind: "block", number: block },
    );
  } catch (cause) {
    throw new AceError("medium", `Cannot read ${name} back: ${systemState(cause)}`, { cause });
  }
}

/** The same for a volume that is a file, past the memory that the system keeps of it. */
export function verifyFile({ name, label, segments }: WrittenLabel<Extent>, isStopped: () => boolean): void {
  const fd = openSync(name, "r");
  try {
    dropCached(fd);
    const check = new Comparison(label, segments, name);
    for (let at = 0; ; ) {
      const chunk = readFully(fd, at, stepBytes, name);
      if (chunk.length === 0) break;
      check.take(chunk, isStopped);
      at += chunk.length;
    }
    check.end();
  } finally {
    closeSync(fd);
  }
}

/** Hashes what comes back, segment by segment, and says which is another. */
class Comparison {
  readonly #label: Extent;
  readonly #segments: readonly string[];
  readonly #name: string;
  readonly #hasher: SegmentHasher;
  #left: number;

  constructor(label: Extent, segments: readonly string[], name: string) {
    this.#label = label;
    this.#segments = segments;
    this.#name = name;
    this.#hasher = new SegmentHasher([], label.segmentBytes);
    this.#left = label.bytes;
  }

  take(chunk: Uint8Array, isStopped: () => boolean): void {
    if (isStopped()) throw new AceError("stopped", "Cannot go on: the run was stopped");
    const part = chunk.subarray(0, this.#left);
    this.#hasher.update(part);
    this.#left -= part.length;
    if (chunk.subarray(part.length).some((byte) => byte !== 0))
      throw differs(this.#name, this.#label, "something else follows it");
    this.#compare(this.#hasher.done);
  }

  end(): void {
    if (this.#left > 0) throw differs(this.#name, this.#label, `${this.#left} bytes are missing at its end`);
    this.#compare(this.#hasher.all());
  }

  #compare(found: readonly string[]): void {
    const at = found.length - 1;
    if (at < 0 || found[at] === this.#segments[at]) return;
    const { offset, bytes, segmentBytes } = this.#label;
    const from = at * segmentBytes;
    const to = Math.min(from + segmentBytes, bytes);
    throw differs(this.#name, this.#label, `bytes ${offset + from} to ${offset + to} of the archive differ`);
  }
}

function differs(name: string, { volume }: Extent, state: string): AceError {
  return new AceError(
    "digest",
    `Cannot trust ${name}: what was read back is not what was written as volume ${volume}: ${state}`,
    {
      hint: "Write this volume again, on another medium.",
    },
  );
}
