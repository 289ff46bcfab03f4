/** Names the files of a tape by the volumes that they make up: data, and the catalogue behind them. */
import { formatLabel, type VolumeLabel } from "../catalogue/catalogue.ts";
import type { SurveyedFile } from "./survey-tape.ts";

/** A file with its place in a volume. */
export interface NamedFile extends Omit<SurveyedFile, "kind"> {
  /** `volume` is data with their catalogue behind them. */
  kind: SurveyedFile["kind"] | "volume";
  /** Of the volume that it is, or whose catalogue it is. */
  label: VolumeLabel | undefined;
}

/** Each file, in words and with the volume that it belongs to. */
export function nameFiles(files: readonly SurveyedFile[]): NamedFile[] {
  return files.map((file, at) => {
    const named = nameFile(file, files[at - 1], files[at + 1]);
    return file.ended ? named : { ...named, is: `${named.is}; no filemark behind it` };
  });
}

function nameFile(
  file: SurveyedFile,
  before: SurveyedFile | undefined,
  behind: SurveyedFile | undefined,
): NamedFile {
  if (file.kind === "catalogue")
    return isOf(file, before) ? file : { ...file, is: `${file.is}, without its data in front of it` };
  if (behind?.label !== undefined && isOf(behind, file)) {
    const damage = file.kind === "unreadable" ? "; the drive cannot read its beginning" : "";
    return { ...file, kind: "volume", is: `${volumeText(behind.label)}${damage}`, label: behind.label };
  }
  return file.is === "an archive of container images"
    ? { ...file, is: `${file.is} without a catalogue: unfinished, or written without one` }
    : file;
}

/** True when a catalogue is that of the data in front of it; another's may have been copied there. */
function isOf({ label }: SurveyedFile, data: SurveyedFile | undefined): boolean {
  if (label === undefined || data === undefined || data.kind === "catalogue" || data.kind === "empty")
    return false;
  const agree = (said: number | undefined, found: number | undefined) =>
    said === undefined || found === undefined || said === found;
  return agree(label.block, data.block) && agree(label.file, data.file);
}

function volumeText(label: VolumeLabel): string {
  const { volume, last, offset, bytes } = label;
  const rest = last ? "the last one" : `goes on in volume ${volume + 1}`;
  return `${formatLabel(label)}: ${bytes} bytes from byte ${offset} of the archive, ${rest}`;
}
