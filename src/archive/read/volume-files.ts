/** Finds the volumes of an archive that was written into several files: `archive.tar.001`, `archive.tar.002`, and so on. */
import { readdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { AceError, systemCodeOf } from "../../errors.ts";
import { formatLabel } from "../../tape/catalogue/catalogue.ts";
import { cataloguePath, volumePath } from "../../tape/catalogue/volume-names.ts";
import { beginsArchive } from "./begins-archive.ts";
import { checkVolumes, type FoundSet, type ListedVolume } from "./check-volumes.ts";
import { readCatalogueLabel } from "./volume-catalogue.ts";

/**
 * Looks whether a path stands for a set: that of its first volume, or the archive's name where there is no such file. A file that ends in
 * `.001` and stands alone is an archive of its own.
 * @returns undefined when it does not
 * @throws AceError `usage` for a volume that is not the first; `archive` naming every volume that is missing, wrong, of another set or not
 *   of its size; `medium` when one cannot be read
 */
export function findVolumes(path: string): FoundSet | undefined {
  const found = setNamed(path);
  return found === undefined ? undefined : checkVolumes(found.archive, found.volumes);
}

/** Files of a name with numbers, in the order of the numbers. */
interface ListedSet {
  archive: string;
  volumes: readonly ListedVolume[];
}

function setNamed(path: string): ListedSet | undefined {
  if (path === "-") return undefined;
  const stat = statOf(path);
  if (stat !== undefined && !stat.isFile()) return undefined;
  const named = splitName(path);
  if (stat === undefined) return (named?.number === 1 ? setOf(named.archive) : undefined) ?? setOf(path);
  const set = named === undefined ? undefined : setOf(named.archive);
  if (named === undefined || set === undefined) return undefined;
  if (named.number === 1) return isTogether(set) ? set : undefined;
  const own = set.volumes.find(({ number }) => number === named.number);
  const isLater = own?.hasCatalogue === true || (set.volumes[0]?.number === 1 && !beginsArchive(path));
  if (isLater) throw laterVolume(path, named, own?.hasCatalogue === true);
  return undefined;
}

/** Undefined when there is no file of that name with a number. */
function setOf(archive: string): ListedSet | undefined {
  const volumes = new Map<number, ListedVolume>();
  const prefix = `${basename(archive)}.`;
  for (const file of filesBeside(archive)) {
    if (!file.startsWith(prefix)) continue;
    const match = /^(\d+)(\.catalogue)?$/.exec(file.slice(prefix.length));
    const number = Number(match?.[1]);
    const path = volumePath(archive, number);
    if (match === null || number < 1 || file !== basename(match[2] ? cataloguePath(path) : path)) continue;
    const volume = volumes.get(number) ?? { number, path, hasFile: false, hasCatalogue: false };
    if (match[2] === undefined) volume.hasFile = true;
    else volume.hasCatalogue = true;
    volumes.set(number, volume);
  }
  if (volumes.size === 0) return undefined;
  return { archive, volumes: [...volumes.values()].sort((a, b) => a.number - b.number) };
}

/** Whatever cannot be listed has no set in it; who opens the file itself says what is wrong. */
function filesBeside(archive: string): readonly string[] {
  try {
    return readdirSync(dirname(archive));
  } catch (error) {
    if (systemCodeOf(error) !== undefined) return [];
    throw error;
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (systemCodeOf(error) !== undefined) return undefined;
    throw error;
  }
}

/** The archive and the number that a volume's name is made of. */
function splitName(path: string): { archive: string; number: number } | undefined {
  const [, archive = "", digits = ""] = /^(.*[^/])\.(\d+)$/.exec(path) ?? [];
  const number = Number(digits);
  return number >= 1 && volumePath(archive, number) === path ? { archive, number } : undefined;
}

/** False for archives that somebody numbered: each of them begins as an archive does. */
function isTogether({ volumes }: ListedSet): boolean {
  if (volumes.some(({ hasCatalogue }) => hasCatalogue)) return true;
  const second = volumes.find(({ number, hasFile }) => number > 1 && hasFile);
  return second !== undefined && !beginsArchive(second.path);
}

function laterVolume(path: string, named: { archive: string; number: number }, isSure: boolean): AceError {
  const { archive, number } = named;
  const label = isSure ? readCatalogueLabel(path) : undefined;
  const what = label === undefined ? `volume ${number} of ${basename(archive)}` : formatLabel(label);
  return new AceError("usage", `Cannot read ${path}: it is ${what}`, {
    hint: `Name ${archive} or ${volumePath(archive, 1)}: all volumes are read with it.`,
  });
}
