/** Where on its volumes each byte of an archive is. */
import type { LedgerPlace } from "../../format/ledger.ts";
import type { VolumeProgress } from "../../tape/volumes/write-volumes.ts";

export class VolumePlaces {
  readonly #volumes: VolumeProgress[] = [];

  /** Takes what is known of a volume; the last word counts. */
  add(progress: VolumeProgress): void {
    const at = this.#volumes.findIndex(({ volume }) => volume === progress.volume);
    // The hashes grow with the volume, and nobody asks for them here.
    this.#volumes[at < 0 ? this.#volumes.length : at] = { ...progress, segments: [] };
  }

  /** Where the last byte in front of an offset is; undefined when no volume is known that has it. */
  placeOf = (offset: number): LedgerPlace | undefined => {
    const found = this.#volumes.findLast((volume) => volume.offset < offset);
    if (found === undefined) return undefined;
    const { volume, file, block, blockBytes, tapeBlockBytes = blockBytes } = found;
    if (block === undefined) return { volume, file, block };
    const perWrite = blockBytes / tapeBlockBytes;
    const inWrite = (offset - 1 - found.offset) % blockBytes;
    const writes = Math.floor((offset - 1 - found.offset) / blockBytes);
    return { volume, file, block: block + writes * perWrite + Math.floor(inWrite / tapeBlockBytes) };
  };
}
