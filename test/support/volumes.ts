/** Cuts an archive into volumes that are files, each with its catalogue, as serialize --volume-size writes them. */
import { readFileSync, writeFileSync } from "node:fs";
import { formatCatalogue, segmentBytes, type VolumeLabel } from "../../src/tape/catalogue/catalogue.ts";
import { SegmentHasher } from "../../src/tape/catalogue/segment-hasher.ts";
import { cataloguePath, volumePath } from "../../src/tape/catalogue/volume-names.ts";

/** How to cut. */
export interface CutOptions {
  /** Where each volume but the first begins. */
  cuts: readonly number[];
  set?: string;
  /** Lines of a checkpoint, each without its newline, with the offsets they name. */
  lines?: readonly { text: string; offset: number }[];
  /** Write no catalogues, as split(1) does. */
  bare?: boolean;
}

/** Writes `archive.001` and so on. @returns their paths */
export function cutVolumes(archive: string, bytes: Uint8Array, options: CutOptions): string[] {
  const { cuts, set = "0123456789abcdef", lines = [], bare = false } = options;
  const begins = [0, ...cuts];
  return begins.map((offset, at) => {
    const part = bytes.subarray(offset, begins[at + 1] ?? bytes.length);
    const path = volumePath(archive, at + 1);
    writeFileSync(path, part);
    if (bare) return path;
    const hasher = new SegmentHasher();
    hasher.update(part);
    const end = offset + part.length;
    const label: VolumeLabel = {
      ...{ set, name: "sync-45", volume: at + 1, last: at === cuts.length },
      ...{ offset, bytes: part.length, blockBytes: 512, segmentBytes },
    };
    const own = lines.filter((line) => line.offset > offset && line.offset <= end);
    const text = [
      ...formatCatalogue({ label, segments: hasher.all() }),
      ...own.map((line) => `${line.text}\n`),
    ];
    writeFileSync(cataloguePath(path), text.join(""));
    return path;
  });
}

/** Changes the label in a catalogue. */
export function relabel(path: string, change: Partial<VolumeLabel>): void {
  const file = cataloguePath(path);
  const [first = "", ...others] = readFileSync(file, "utf8").split("\n");
  writeFileSync(file, [JSON.stringify({ ...JSON.parse(first), ...change }), ...others].join("\n"));
}
