/** Opens an archive: a plain tar in a file or in volumes by position, anything else as a stream through the window. */
import { type Stats, statSync } from "node:fs";
import { AceError, cannotRead, refusedOption, systemState } from "../../errors.ts";
import { sniffBytes, sniffCompression } from "../../format/decompress.ts";
import { isTapePath } from "../../tape/drive/tape-device.ts";
import { ArchiveFiles } from "./archive-files.ts";
import type { ArchiveSource, ArchiveSourceOptions } from "./archive-source.ts";
import type { FoundSet } from "./check-volumes.ts";
import { FileSource } from "./file-source.ts";
import { StreamSource } from "./stream-source.ts";
import { findVolumes } from "./volume-files.ts";

/**
 * A pipe or a tape is not touched before it is read.
 * @throws AceError `medium` when it cannot be opened; what {@link findVolumes} throws
 */
export function openArchive(options: ArchiveSourceOptions): ArchiveSource {
  const { source, tapePosition = { kind: "here" }, volumeChange } = options;
  if (volumeChange !== undefined && !isTapePath(source)) {
    throw refusedOption("volume-change", `${source} is not a tape`, {
      hint: "Put volumes that are files into one directory, and name the first one.",
    });
  }
  const volumes = findVolumes(source);
  const files = volumes === undefined ? plainFile(source) : new ArchiveFiles(volumes.name, volumes.volumes);
  if (files === undefined) return new StreamSource(options, undefined);
  if (tapePosition.kind !== "here") throw refusedOption("position", `${files.name} is not a tape`);
  return byPosition(files, volumes) ?? new StreamSource(options, volumes);
}

/** Undefined for what is compressed. */
function byPosition(files: ArchiveFiles, volumes: FoundSet | undefined): ArchiveSource | undefined {
  const source = new FileSource(files, volumes);
  try {
    if (sniffCompression(source.readNow(0, sniffBytes)) === "none") return source;
  } catch (error) {
    source.close();
    throw error;
  }
  source.close();
  return undefined;
}

/** A regular file; undefined for everything else. */
function plainFile(path: string): ArchiveFiles | undefined {
  if (path === "-") return undefined;
  let stat: Stats;
  try {
    stat = statSync(path);
  } catch (cause) {
    throw cannotRead("medium", path, systemState(cause), { cause });
  }
  if (stat.isDirectory()) throw new AceError("medium", `Cannot read ${path}: it is a directory`);
  return stat.isFile() ? new ArchiveFiles(path, [{ path, offset: 0, bytes: stat.size }]) : undefined;
}
