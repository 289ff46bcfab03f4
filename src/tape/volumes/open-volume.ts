/** Opens what a volume of a set is written to: a tape, a part of one, or a file. */
import { segmentBytes } from "../catalogue/catalogue.ts";
import { SegmentHasher } from "../catalogue/segment-hasher.ts";
import type { VolumeStart } from "../catalogue/volume.ts";
import { volumePath } from "../catalogue/volume-names.ts";
import type { TapePosition } from "../drive/tape-position.ts";
import { hashFile } from "../medium/hash-file.ts";
import type { MediumOptions, VolumeMedium } from "../medium/medium.ts";
import { noEvents, type OpenEvents, onDrive, openFreshTape } from "../medium/open-medium.ts";
import { resumeTape } from "../medium/resume-tape.ts";
import { VolumeFile } from "../medium/volume-file.ts";

/** A volume that can be written to, and the hashes of what there is of it. */
export interface OpenVolume {
  medium: VolumeMedium;
  hasher: SegmentHasher;
}

/**
 * @param isFile volumes are files beside each other, called after the destination
 * @param first false for a volume that another one came before in this run: it begins at the beginning of its tape
 * @throws AceError `medium`
 */
export function openVolume(
  options: MediumOptions,
  start: VolumeStart,
  { isFile, isFirst }: { isFile: boolean; isFirst: boolean },
  events: OpenEvents = noEvents,
): OpenVolume {
  if (isFile) return openFile(options, start);
  const { destination: name, blockBytes, force, smallerBlocks = false } = options;
  const { set, volume, written } = start;
  if (written !== undefined)
    return onDrive(name, events, (device, status) =>
      resumeTape(device, status, { name, blockBytes }, written),
    );
  const medium = openFreshTape(
    {
      ...{ name, blockBytes, force, smallerBlocks: smallerBlocks && isFirst },
      ...{ position: positionOf(options, start, isFirst), set: { id: set, volume } },
    },
    events,
  );
  return { medium, hasher: new SegmentHasher([], segmentBytes) };
}

/** A further volume has a tape of its own. */
function positionOf({ position }: MediumOptions, { volume }: VolumeStart, isFirst: boolean): TapePosition {
  return (isFirst ? position : undefined) ?? { kind: volume === 1 ? "here" : "bot" };
}

function openFile({ destination, blockBytes, force }: MediumOptions, start: VolumeStart): OpenVolume {
  const { volume, offset, at, fd } = start;
  const path = volumePath(destination, volume);
  const hasher = new SegmentHasher([], segmentBytes);
  const kept = fd === undefined ? undefined : { fd, bytes: at - offset };
  if (kept !== undefined) hashFile(kept, path, hasher);
  return { medium: new VolumeFile({ path, blockBytes, force, kept, offset }), hasher };
}
