/** What the files of a set are called when its volumes are files: `archive.tar.001`, and `archive.tar.001.catalogue` beside it. */

/** At least so many digits, so that names sort as numbers do. */
const digits = 3;

/** The file of a volume. @param volume from 1 */
export function volumePath(archive: string, volume: number): string {
  return `${archive}.${String(volume).padStart(digits, "0")}`;
}

/** The catalogue beside a volume's file. */
export function cataloguePath(path: string): string {
  return `${path}.catalogue`;
}
