/** Where a set of volumes stands, told once: the checkpoint's positions, the state file, the progress figures and the token are made of it. */
import type { VolumePosition } from "../../format/ledger.ts";
import type { FrameMark } from "../../pool/frames/compressors.ts";
import type { VolumeLabel } from "../../tape/catalogue/catalogue.ts";
import type { Volume, VolumeProgress } from "../../tape/catalogue/volume.ts";
import { formatToken } from "./resume-token.ts";

/** From where the next run can go on. */
export interface SetPoint {
  /** The volume at hand. */
  volume: VolumeProgress;
  /** True when it has its catalogue: the next one begins where it ends. */
  whole: boolean;
  /** True when the archive ends with it. */
  last: boolean;
  /** Of a compressed archive, the last frame that ends there or before; where the volume stands itself in a plain one. */
  frame: FrameMark;
}

/** Volumes are told in order, and of each the last word counts. */
export class SetState {
  readonly #frameAt: (offset: number) => FrameMark;
  /** Without the hashes, which grow with a volume, of those before the last one. */
  readonly #volumes: VolumeProgress[] = [];
  readonly #wholeBefore: readonly Volume[];
  #wanted: Volume | undefined;
  /** Volumes that are whole. */
  closed = 0;
  /** The last one; undefined as long as there is none. */
  point: SetPoint | undefined;

  /**
   * @param frameAt the last frame of a compressed archive that ends at a byte of the media or before
   * @param wholeBefore volumes of earlier runs, where no more is known of them than which they are
   */
  constructor(frameAt: (offset: number) => FrameMark, wholeBefore: readonly Volume[] = []) {
    this.#frameAt = frameAt;
    this.#wholeBefore = wholeBefore;
  }

  opened(volume: VolumeProgress): void {
    this.#take(volume);
    this.#wanted = undefined;
  }

  durable(volume: VolumeProgress): void {
    this.#take(volume);
    const { at, offset, blockBytes } = volume;
    // Behind a block that was filled up nothing can be gone on with.
    if ((at - offset) % blockBytes !== 0) return;
    this.point = { volume, whole: false, last: false, frame: this.#frameAt(at) };
  }

  #take(volume: VolumeProgress): void {
    const before = this.#volumes.pop();
    if (before !== undefined && before.volume !== volume.volume)
      this.#volumes.push({ ...before, segments: [] });
    this.#volumes.push(volume);
  }

  /** A volume has its catalogue. */
  wholeVolume({ offset, bytes, last }: VolumeLabel): void {
    this.closed++;
    const volume = this.#volumes.at(-1);
    if (volume === undefined) return;
    const at = offset + bytes;
    const rest = { at, segments: [], open: "", isAtEnd: false };
    this.point = { volume: { ...volume, ...rest }, whole: true, last, frame: this.#frameAt(at) };
  }

  /** The medium of a volume is asked for. */
  wanted(volume: Volume): void {
    this.#wanted = volume.volume > 1 ? volume : undefined;
  }

  /** The volume that was asked for last, as the next run can be told of it; undefined when it came, or is the first one. */
  get token(): string | undefined {
    if (this.#wanted === undefined) return undefined;
    const { set, volume, offset } = this.#wanted;
    return formatToken(set, { volume, offset, frame: this.#frameAt(offset) });
  }

  /** Where the last byte in front of an offset is; undefined when no volume is known that has it. */
  positionOf = (offset: number): VolumePosition | undefined => {
    const found = this.#volumes.findLast((volume) => volume.offset < offset);
    if (found === undefined) {
      const before = this.#wholeBefore.findLast((volume) => volume.offset < offset);
      return before && { volume: before.volume, file: undefined, block: undefined };
    }
    const { volume, file, block, blockBytes, tapeBlockBytes = blockBytes } = found;
    if (block === undefined) return { volume, file, block };
    const perWrite = blockBytes / tapeBlockBytes;
    const inWrite = (offset - 1 - found.offset) % blockBytes;
    const writes = Math.floor((offset - 1 - found.offset) / blockBytes);
    return { volume, file, block: block + writes * perWrite + Math.floor(inWrite / tapeBlockBytes) };
  };

  /**
   * The volume at hand, and which part of its tape is used, 0 to 1; undefined as long as that is not known.
   * @param front how far the writing is
   */
  figures(front: number): { volume: number | undefined; used: number | undefined } {
    const { volume, offset = 0, nativeBytes, block = 0, tapeBlockBytes = 0 } = this.#volumes.at(-1) ?? {};
    // As if what is in front of the volume had blocks like its own: nobody knows better.
    const bytes = block * tapeBlockBytes + Math.max(0, front - offset);
    return { volume, used: nativeBytes === undefined ? undefined : bytes / nativeBytes };
  }
}
