/** Looks at the volumes that an interrupted run left as files, and finds where in them this run goes on. */
import { closeSync, constants, existsSync, fstatSync, rmSync } from "node:fs";
import { AceError } from "../../errors.ts";
import type { RunContext } from "../../run/run.ts";
import { formatLabel, type VolumeLabel } from "../../tape/catalogue/catalogue.ts";
import type { VolumeStart } from "../../tape/catalogue/volume.ts";
import { cataloguePath, volumePath } from "../../tape/catalogue/volume-names.ts";
import { openLocked } from "../../tape/medium/open-medium.ts";
import type { ArchivePlan } from "../plan/archive-plan.ts";
import type { FoundVolume } from "../read/check-volumes.ts";
import { labelUnlessTorn } from "../read/volume-catalogue.ts";
import { compareWritten, type ResumeOptions, type ResumePoint } from "./resume-point.ts";
import { WrittenInVolumes } from "./written-bytes.ts";

/** A volume that is there, open. */
type OpenVolumeFile = FoundVolume & { fd: number };

/**
 * Compares all volumes with the archive that is to be in them. Those behind the last good byte are removed.
 * @returns undefined when there is none
 * @throws AceError `input` when they hold something else; `medium`
 */
export async function findFileVolumes(
  plan: ArchivePlan,
  options: ResumeOptions,
  set: string,
  run: RunContext,
): Promise<ResumePoint | undefined> {
  const files: OpenVolumeFile[] = [];
  const close = () => {
    for (const { fd } of files.splice(0)) closeSync(fd);
  };
  try {
    openAll(options, set, files);
    if (files.length === 0) return undefined;
    const bytes = new WrittenInVolumes(options.destination, files);
    const found = await compareWritten(plan, options, bytes, run);
    const isWhole = found.kept.plain === plan.size.bytes && files.at(-1)?.label?.last === true;
    const wholeVolumes = files.map(({ number: volume, offset }) => ({ set, volume, offset }));
    return { ...found, isWhole, wholeVolumes, begin: begin(files, set, found.kept.packed), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Opens every volume, for this run alone. @throws AceError `input` for one that is not of this set */
function openAll(
  { destination, volumes = Number.POSITIVE_INFINITY }: ResumeOptions,
  set: string,
  files: OpenVolumeFile[],
): void {
  let offset = 0;
  for (let number = 1; number <= volumes; number++) {
    const path = volumePath(destination, number);
    if (!existsSync(path)) return;
    const fd = openLocked(path, constants.O_RDWR | constants.O_APPEND);
    const { size: bytes } = fstatSync(fd);
    files.push({ number, path, fd, offset, bytes, label: labelOf(path, set, number) });
    offset += bytes;
  }
}

function labelOf(path: string, set: string, volume: number): VolumeLabel | undefined {
  // One that a kill left unfinished is written again.
  const label = labelUnlessTorn(path);
  if (label === undefined || (label.set === set && label.volume === volume)) return label;
  throw new AceError(
    "input",
    `Cannot resume ${path}: it is ${formatLabel(label)}, and this run writes volume ${volume} of set ${set}`,
    { hint: { kind: "replace", written: "volumes" } },
  );
}

/** Where in which volume; whatever lies behind it goes away. */
function begin(files: OpenVolumeFile[], set: string, at: number): VolumeStart {
  const last = files.findLast(({ offset }) => offset < at) ?? files[0];
  if (last === undefined) throw new AceError("internal", "Cannot resume: there is no volume");
  const { number: volume, offset, bytes, label } = last;
  for (const later of files.splice(files.indexOf(last) + 1)) {
    closeSync(later.fd);
    for (const path of [later.path, cataloguePath(later.path)]) rmSync(path, { force: true });
  }
  const end = offset + bytes;
  const isClosed = at === end && label?.bytes === bytes && !label.last;
  if (isClosed) return { set, volume: volume + 1, offset: at, at };
  // The writer has the file from now on.
  files.splice(files.indexOf(last), 1);
  return { set, volume, offset, at, fd: last.fd };
}
