/** The catalogue in a file beside a volume. */
import { closeSync, existsSync, fstatSync, openSync } from "node:fs";
import { basename } from "node:path";
import { AceError, cannotRead, systemState } from "../../errors.ts";
import {
  type Catalogue,
  catalogueBlockBytes,
  parseCatalogue,
  readLabel,
  type VolumeLabel,
} from "../../tape/catalogue/catalogue.ts";
import { cataloguePath } from "../../tape/catalogue/volume-names.ts";
import { readFully } from "../../tape/medium/read-fully.ts";

/** Bytes of hashes that are looked at: those of some 100 TB. */
const headLimitBytes = 16 * 1024 * 1024;

/**
 * What a volume's catalogue says of the volume.
 * @param path of the volume
 * @returns undefined for an empty file, as an interruption leaves it
 * @throws AceError `archive` when it is no catalogue or damaged, `medium`
 */
export function readCatalogueLabel(path: string): VolumeLabel | undefined {
  const head = readHead(path, catalogueBlockBytes);
  if (head.length === 0) return undefined;
  const label = readLabel(head, basename(path));
  if (label !== undefined) return label;
  throw cannotRead("archive", `the catalogue of ${basename(path)}`, "it does not begin as one");
}

/** The same of a catalogue whose writer may have been stopped. @returns undefined also for one that is damaged, or not there */
export function labelUnlessTorn(path: string): VolumeLabel | undefined {
  if (!existsSync(cataloguePath(path))) return undefined;
  try {
    return readCatalogueLabel(path);
  } catch (error) {
    if (error instanceof AceError && error.code === "archive") return undefined;
    throw error;
  }
}

/**
 * The same with the hashes.
 * @throws AceError `archive`, `medium`
 */
export function readCatalogueHead(path: string): Catalogue {
  return parseCatalogue(Buffer.from(readHead(path, headLimitBytes)).toString("utf8"), basename(path));
}

function readHead(path: string, mostBytes: number): Uint8Array {
  const file = cataloguePath(path);
  let fd: number | undefined;
  try {
    fd = openSync(file, "r");
    return readFully(fd, 0, Math.min(mostBytes, fstatSync(fd).size), file);
  } catch (cause) {
    if (cause instanceof AceError) throw cause;
    throw cannotRead("medium", file, systemState(cause), { cause });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
